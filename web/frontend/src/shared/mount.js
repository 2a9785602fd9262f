// Finding what a page asks for: `data-*` attributes and JSON blocks, never inline script.

/** Calls `start(element)` once for each element that carries `data-NAME`, now and after each htmx swap. */
export function mount(name, start) {
  const attribute = `data-${name}`;
  const started = new WeakSet();
  const find = (root) => {
    const found = [...root.querySelectorAll(`[${attribute}]`)];
    if (root.matches?.(`[${attribute}]`)) found.unshift(root);
    for (const element of found) {
      if (started.has(element)) continue;
      started.add(element);
      start(element);
    }
  };
  const ready = () => {
    find(document);
    document.addEventListener("htmx:load", (event) => find(event.detail.elt));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
}

/** The value of `<script type="application/json" data-NAME>` inside `element`, else `otherwise`. */
export function json(element, name, otherwise = null) {
  const block = element.querySelector(`script[type="application/json"][data-${name}]`);
  return block ? JSON.parse(block.textContent) : otherwise;
}

/** The token that every writing request carries. */
export function csrf() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}
