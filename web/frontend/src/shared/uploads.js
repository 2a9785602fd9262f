// Files of a form. form-js keeps chosen files in a registry and the registry's key in its data; the
// server keeps files by content and wants their description in the answers.

const KEY = "files::";

/** Files that were stored earlier appear in their file fields again, by name, without their content. */
export function attach(form, values) {
  const registry = form.get("fileRegistry");
  const { data } = form._getState();
  let count = 0;
  const walk = (given, held) => {
    for (const [name, value] of Object.entries(given ?? {})) {
      if (Array.isArray(value) && value.length && value.every((item) => item?.$file)) {
        const key = `${KEY}stored${(count += 1)}`;
        registry.setFiles(key, value.map((item) => Object.assign(new File([], item.$file.name), { stored: item })));
        if (held) held[name] = key;
      } else if (value && typeof value === "object") walk(value, held?.[name]);
    }
  };
  walk(values, data);
  if (count) form._setState({ data: { ...data } });
}

/** `data` with each file key replaced by what the server says it stored. `sending(name)` before each. */
export async function upload(form, data, address, token, sending) {
  const chosen = form.get("fileRegistry").getAllFiles();
  const swap = async (value) => {
    if (typeof value === "string" && value.startsWith(KEY)) {
      const stored = [];
      for (const file of chosen.get(value) ?? []) stored.push(file.stored ?? (await send(file, address, token, sending)));
      return stored;
    }
    if (Array.isArray(value)) return Promise.all(value.map(swap));
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
