// Files of a form. form-js keeps chosen files in a registry and the registry's key in its data; the
// server keeps files by content and wants their description in the answers.

const KEY = "files::";
const MEGABYTE = 1024 * 1024;

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

/** What is wrong with the files of a field, as far as the browser knows it: the server's sentences. */
export function wrong(form, field, value, limits) {
  const accepted = (field?.accept ?? "").toLowerCase().split(",").map((each) => each.trim()).filter(Boolean);
  const files = chosen(form, value).filter((file) => !file.kept && !file.stored);
  const found = files.length > limits.most ? [fill(limits.too_many, limits)] : [];
  for (const { name, size, type } of files) {
    const [megabytes, most] = [size, limits.largest].map((bytes) => Math.ceil((bytes * 10) / MEGABYTE) / 10);
    if (!size) found.push(fill(limits.empty, { name }));
    else if (size > limits.largest) found.push(fill(limits.too_large, { name, size: megabytes, most }));
    else {
      const kind = limits.endings[ending(name)] ?? type;
      if (accepted.length && !accepted.some((each) => fits(each, name, kind))) found.push(fill(limits.not_accepted, { name, accepted: accepted.join(", ") }));
      else if (!limits.kinds.includes(kind)) found.push(fill(limits.kind_refused, { name }));
    }
  }
  return found;
}

/** What tells one answer from another. A field of files keeps its key whatever is chosen, and is checked once with
 * what came with the page: those that the server has are told by name alone. */
export function identity(form, field, value) {
  if (field?.type !== "filepicker" || !value) return JSON.stringify(value ?? null);
  const files = isKey(value) ? chosen(form, value) : [value].flat().map((item) => ({ name: (item.$file ?? item).name, kept: true }));
  return JSON.stringify(files.map((file) => (file.kept || file.stored ? [file.name] : [file.name, file.size, file.lastModified])));
}

/** What of a field of files is wrong is told with the button that chooses them, as with the input of any other. */
export function describe(form, body) {
  let waiting;
  const tell = () => {
    waiting = undefined;
    for (const input of body.querySelectorAll(".fjs-form-field-filepicker input[type=file]")) {
      const field = input.closest(".fjs-form-field-filepicker");
      const error = field.querySelector(".fjs-form-field-error");
      for (const part of [input, field.querySelector(".fjs-filepicker-button")]) {
        part.setAttribute("aria-invalid", String(Boolean(error)));
        if (error) part.setAttribute("aria-describedby", error.id);
        else part.removeAttribute("aria-describedby");
      }
    }
  };
  // The form draws what changed a moment later.
  new MutationObserver(() => {
    waiting ??= requestAnimationFrame(tell);
  }).observe(body, { childList: true, subtree: true });
}

/** Sends the files of `data`; `sending(name)` before each. → {answers, refused}
 *
 * answers: `data` with each file key replaced by what the server says it stored. refused: why some were not stored,
 * as [{where: "lines.1.photo", text}]; all are tried, so that all is told at once. */
export async function upload(form, data, address, token, limits, sending) {
  const refused = [];
  const swap = async (value, path) => {
    if (isKey(value)) {
      const stored = [];
      for (const file of chosen(form, value)) {
        // The server takes null as: what was given before stays.
        if (file.kept) return null;
        if (!file.stored) {
          sending(file.name);
          const text = await send(file, address, token, limits);
          if (text) refused.push({ where: path.join("."), text });
        }
        stored.push(file.stored);
      }
      return stored;
    }
    if (Array.isArray(value)) {
      const items = [];
      for (const [index, item] of value.entries()) items.push(await swap(item, [...path, index]));
      return items;
    }
    if (value && typeof value === "object") {
      const copy = {};
      for (const [name, item] of Object.entries(value)) copy[name] = await swap(item, [...path, name]);
      return copy;
    }
    return value;
  };
  return { answers: await swap(data, []), refused };
}

// → why it was not stored, or nothing.
async function send(file, address, token, limits) {
  const body = new FormData();
  body.append("file", file);
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token, Accept: "application/json" } });
    const told = await answer.json();
    if (!answer.ok) return told.message;
    file.stored = told;
    return null;
  } catch {
    // No connection, something between that answers in its own words, or a file that changed since it was chosen.
    return fill(limits.not_sent, { name: file.name });
  }
}

function isKey(value) {
  return typeof value === "string" && value.startsWith(KEY);
}

function chosen(form, value) {
  return isKey(value) ? form.get("fileRegistry").getAllFiles().get(value) ?? [] : [];
}

// As the server reads what a field accepts: ".pdf", "image/png" or "image/*".
function fits(accepted, name, kind) {
  if (accepted.startsWith(".")) return name.toLowerCase().endsWith(accepted);
  return accepted.endsWith("/*") ? kind.startsWith(accepted.slice(0, -1)) : kind === accepted;
}

function ending(name) {
  return /\.[^.]*$/.exec(name.toLowerCase())?.[0] ?? "";
}

function fill(sentence, params) {
  return sentence.replace(/\{(\w+)\}/g, (hole, name) => params[name] ?? hole);
}
