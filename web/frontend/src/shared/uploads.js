// Files of a form. form-js keeps chosen files in a registry and the registry's key in its data; the
// server keeps files by content and wants their description in the answers.

const KEY = "files::";

/** Files that the server has already appear in their fields again, by name.
 *
 * Those of the case come as {name, size} and stay as they are unless others are chosen; those that
 * were sent with a form that had to be mended come as {$file: …} and are sent again by description. */
export function attach(form, values) {
  const fields = new Set(form.get("formFieldRegistry").getAll().filter((field) => field.type === "filepicker").map((field) => field.key));
  const registry = form.get("fileRegistry");
  const { data } = form._getState();
  let count = 0;
  const walk = (given, held) => {
    for (const [name, value] of Object.entries(given ?? {})) {
      if (!value || typeof value !== "object") continue;
      if (!fields.has(name)) {
        walk(value, held?.[name]);
        continue;
      }
      const files = [value].flat().map((item) => {
        const file = new File([], (item.$file ?? item).name);
        return Object.assign(file, item.$file ? { stored: item } : { kept: true });
      });
      const key = `${KEY}stored${(count += 1)}`;
      registry.setFiles(key, files);
      if (held) held[name] = key;
    }
  };
  walk(values, data);
  if (count) form._setState({ data: { ...data } });
}

/** Beside each field that can only be read, the files it holds, to be opened: {name, size, sha256}. */
export async function link(form, values, body) {
  for (const field of form.get("formFieldRegistry").getAll()) {
    const files = field.type === "filepicker" ? [values[field.key] ?? []].flat().filter((file) => file.sha256) : [];
    const input = files.length ? await drawn(body, field.id) : null;
    if (!input?.disabled) continue;
    const links = files.map((file) => Object.assign(document.createElement("a"), { href: `/files/${file.sha256}`, download: file.name, textContent: file.name }));
    const list = Object.assign(document.createElement("div"), { className: "file-links" });
    list.append(...links);
    input.parentElement.append(list);
    input.parentElement.classList.add("is-linked");
  }
}

// A field that is hidden now is never drawn.
async function drawn(body, id) {
  for (let frame = 0; frame < 10; frame += 1) {
    const input = body.querySelector(`input[type=file][id$="-${CSS.escape(id)}"]`);
    if (input) return input;
    await new Promise((next) => requestAnimationFrame(next));
  }
  return null;
}

/** `data` with each file key replaced by what the server says it stored. `sending(name)` before each. */
export async function upload(form, data, address, token, sending) {
  const chosen = form.get("fileRegistry").getAllFiles();
  const swap = async (value) => {
    if (typeof value === "string" && value.startsWith(KEY)) {
      const stored = [];
      for (const file of chosen.get(value) ?? []) {
        // The server takes null as: what was given before stays.
        if (file.kept) return null;
        stored.push(file.stored ?? (await send(file, address, token, sending)));
      }
      return stored;
    }
    if (Array.isArray(value)) {
      const items = [];
      for (const item of value) items.push(await swap(item));
      return items;
    }
    if (value && typeof value === "object") {
      const copy = {};
      for (const [name, item] of Object.entries(value)) copy[name] = await swap(item);
      return copy;
    }
    return value;
  };
  return swap(data);
}

async function send(file, address, token, sending) {
  sending(file.name);
  const body = new FormData();
  body.append("file", file);
  const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token, Accept: "application/json" } });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.error), { told: told.message });
  file.stored = told;
  return told;
}
