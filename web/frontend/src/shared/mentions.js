// Whom one may mean by @ and a few letters: a list under the text, by mouse or keyboard. Without it a name is
// simply typed: the server finds it, or says why not.
import { mount } from "./mount.js";

const WORD = /(^|[^A-Za-z0-9_.+-])[@＠]([^\s@＠]{0,40})$/u;
let lists = 0;

mount("mention", (form) => {
  const text = form.querySelector("textarea");
  const list = form.querySelector("[role=listbox]");
  const address = form.dataset.mention;
  let people = [];
  let at = -1;
  let asked = 0;
  list.id = `people-${++lists}`;
  text.setAttribute("aria-autocomplete", "list");
  text.setAttribute("aria-controls", list.id);

  const typed = () => WORD.exec(text.value.slice(0, text.selectionStart));
  const close = () => {
    asked += 1;
    list.hidden = true;
    text.removeAttribute("aria-activedescendant");
  };
  const mark = (place) => {
    at = place;
    [...list.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    const marked = list.children[at];
    if (marked) text.setAttribute("aria-activedescendant", marked.id);
    marked?.scrollIntoView({ block: "nearest" });
  };
  const choose = (place) => {
    const found = typed();
    const person = people[place];
    if (!found || !person || person.why) return;
    const end = text.selectionStart;
    text.setRangeText(`${person.write} `, end - found[2].length, end, "end");
    close();
    text.focus();
  };
  const show = () => {
    list.replaceChildren(
      ...people.map((person, place) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${place}`;
        item.setAttribute("role", "option");
        if (person.why) item.setAttribute("aria-disabled", "true");
        const name = document.createElement("b");
        name.textContent = person.name;
        const more = document.createElement("span");
        more.className = "muted";
        more.textContent = person.why ? `${person.username} · ${person.why}` : person.username;
        item.append(name, " ", more);
        item.addEventListener("pointerdown", (event) => event.preventDefault());
        item.addEventListener("click", () => choose(place));
        return item;
      }),
    );
    list.hidden = !people.length;
    mark(people.findIndex((person) => !person.why));
  };
  const look = async () => {
    const found = typed();
    if (!found) return close();
    const mine = ++asked;
    const answer = await fetch(`${address}?${new URLSearchParams({ q: found[2] })}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (mine !== asked) return;
    people = answer?.ok ? (await answer.json()).people : [];
    if (mine === asked) show();
  };

  text.addEventListener("input", look);
  text.addEventListener("blur", close);
  text.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      for (let place = at + step; place >= 0 && place < people.length; place += step) {
        if (!people[place].why) { mark(place); break; }
      }
    } else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) choose(at);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
});
