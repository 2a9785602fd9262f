// What every page has: a button pressed once is pressed once, lists by keyboard, tasks beside their
// list, drafts forgotten when their task is done. Every page also works without this script.
import { mount } from "./shared/mount.js";
import "./shared/mentions.js";

document.documentElement.classList.add("is-live");

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.hasAttribute("data-again")) return;
  // After the form has been collected, so that the pressed button's own value is still sent.
  setTimeout(() => {
    for (const button of event.target.querySelectorAll("button[type=submit], button:not([type])")) button.disabled = true;
  });
});

// Back from the browser's history, the form works again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});

mount("languages", (form) => form.querySelector("select").addEventListener("change", () => form.requestSubmit()));

// What was typed stays in this tab only, and not after its owner has left.
mount("sign-out", (form) => form.addEventListener("submit", () => sessionStorage.clear()));
mount("finished", (mark) => {
  for (const key of Object.keys(sessionStorage)) if (key.endsWith(`:${mark.dataset.finished}`)) sessionStorage.removeItem(key);
});

mount("print", (button) => button.addEventListener("click", () => window.print()));

// Problems are announced where they are: the reader's place moves there.
mount("focus", (element) => element.focus());

setTimeout(() => {
  for (const flashes of document.querySelectorAll(".flashes")) flashes.classList.add("is-over");
}, 7000);

// Where the lists stand in one line that is wider than the page, the open one is in sight.
document.querySelector(".filters [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A task opens beside its list where there is room for both; elsewhere the link is simply followed.
const besides = window.matchMedia("(min-width: 44.01rem)");
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-panes] a[data-row]");
  const pane = document.getElementById("task");
  if (!link || !pane || !besides.matches || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  open(link, pane);
});

async function open(link, pane) {
  for (const other of document.querySelectorAll("a[data-row][aria-current]")) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  try {
    await window.htmx.ajax("GET", link.href, { target: pane, swap: "innerHTML show:none" });
  } catch {
    window.location.assign(link.href);
    return;
  }
  window.history.pushState({ task: true }, "", link.href);
  document.title = pane.querySelector("[data-title]")?.dataset.title ?? document.title;
  pane.scrollTop = 0;
}
window.addEventListener("popstate", () => window.location.reload());

// The list follows what others do: once a minute, and when somebody comes back to it.
let refreshed = Date.now();
async function refresh() {
  const panes = document.querySelector("[data-refresh]");
  if (!panes || document.hidden || Date.now() - refreshed < 20_000) return;
  refreshed = Date.now();
  const answer = await fetch(panes.dataset.refresh, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [before, after] = [document, fresh].map((page) => page.querySelector("[data-list]"));
  const [mine, theirs] = [document, fresh].map((page) => page.querySelector(".filters"));
  if (!before || !after || !theirs) return;
  if (!mine.contains(document.activeElement)) mine.replaceWith(theirs);
  // Whoever has asked for more of the list keeps it.
  if (before.querySelectorAll("[data-row]").length > after.querySelectorAll("[data-row]").length && after.querySelector(".more")) return;
  const focused = before.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  before.replaceWith(after);
  window.htmx?.process(after);
  for (const row of after.querySelectorAll("[data-row]")) {
    if (row.pathname === window.location.pathname) row.setAttribute("aria-current", "true");
    if (row.getAttribute("href") === focused) row.focus();
  }
}
setInterval(refresh, 60_000);
document.addEventListener("visibilitychange", refresh);

// j and k walk the list; Enter opens, as it does any link.
document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  if (event.key !== "j" && event.key !== "k") return;
  const rows = [...document.querySelectorAll("a[data-row]")];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement.closest?.("a[data-row]"));
  const from = at >= 0 ? at : rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = rows[Math.min(Math.max(from + (event.key === "j" ? 1 : -1), 0), rows.length - 1)];
  next.focus();
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
