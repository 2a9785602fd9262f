// Numbers that can only be read, with the separators of the reader's language: 24,310,000.00.
//
// Inputs stay as they are; numbers.js reads what is typed into them. Nobody writes a year as 2,026.
import { Numberfield, Textfield } from "@bpmn-io/form-js-viewer";

const YEAR = /(^|_)year$/;
const PLAIN = /^-?\d+(?:\.(\d+))?$/;

/** A number as people read it, every decimal of it kept; what is no plain number comes back unchanged. */
export function grouped(text, language) {
  const found = PLAIN.exec(text);
  if (!found) return text;
  const digits = found[1]?.length ?? 0;
  // As text: money may have more digits than a number of JavaScript.
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(text);
}

/** Number fields of `form` that can only be read are drawn as text; what they hold stays a number. */
export function groupFields(form, language) {
  const shown = (props) => {
    if (!(props.readonly || props.disabled) || YEAR.test(props.field.key)) return Numberfield(props);
    return Textfield({ ...props, value: grouped(String(props.value ?? ""), language) });
  };
  form.get("formFields").register("number", Object.assign(shown, { config: Numberfield.config }));
}

/** Cells of tables that hold numbers get separators, and stand under one another; each names its column, for
 * where a row has no room and is told line by line. */
export function dressTables(root, schema, values, language) {
  const columns = new Map(); // table → for each column how many decimals its numbers have; null: no numbers
  for (const table of tables(schema)) {
    const rows = [values[/^=\s*(\S+)\s*$/.exec(table.dataSource)?.[1]] ?? []].flat();
    columns.set(table.id, table.columns.map(({ key, currency }) => {
      const numbers = rows.map((row) => row?.[key]).filter((value) => typeof value === "number");
      if (!numbers.length || YEAR.test(key)) return null;
      // Nobody writes 260.5 of money, and a field of the same money does not either.
      return Math.max(currency ? 2 : 0, ...numbers.map((number) => PLAIN.exec(String(number))?.[1]?.length ?? 0));
    }));
  }
  if (!columns.size) return;
  const draw = () => {
    for (const table of root.querySelectorAll(".fjs-table")) {
      const kinds = [...columns].find(([id]) => table.id.endsWith(`-${id}`))?.[1] ?? [];
      const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
      for (const row of table.rows) {
        [...row.cells].forEach((cell, place) => {
          if (cell.tagName === "TD" && cell.colSpan === 1) cell.dataset.label = heads[place]?.textContent ?? "";
          if (cell.tagName === "TD") keepCodeWhole(cell);
          if (kinds[place] == null) return;
          cell.classList.add("is-number");
          if (cell.tagName !== "TD" || cell.colSpan > 1 || !PLAIN.test(cell.textContent)) return;
          const text = new Intl.NumberFormat(language, { minimumFractionDigits: kinds[place], maximumFractionDigits: kinds[place] }).format(cell.textContent);
          // The text that form-js made is changed, not replaced: it draws into it again when rows are sorted.
          // Only where it differs, for the observer below would be told of it again and again.
          if (cell.firstChild.data !== text) cell.firstChild.data = text;
        });
      }
    }
  };
  draw();
  new MutationObserver(draw).observe(root, { childList: true, subtree: true, characterData: true });
}

// What a cell ends with: QY-P60-265, SO-2026-0052.
const CODE = /(?:^|\s)([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)$/;

const before = new WeakMap(); // what is drawn beside such a code

/** A code at a cell's end is not broken at its hyphens: it goes to the next line whole. */
function keepCodeWhole(cell) {
  const drawn = cell.firstChild?.nodeType === Node.TEXT_NODE ? cell.firstChild : null;
  const whole = cell.querySelector(":scope > .whole-code");
  if (whole && drawn?.data === before.get(whole)) return;
  // form-js drew another text into the cell, as it does when rows are sorted: the code beside it was the former one's.
  whole?.remove();
  const code = CODE.exec(drawn?.data ?? "")?.[1];
  if (!code) return;
  const element = Object.assign(document.createElement("span"), { className: "whole-code", textContent: code });
  drawn.data = drawn.data.slice(0, -code.length);
  before.set(element, drawn.data);
  cell.append(element);
}

function tables(part) {
  return (part.components ?? []).flatMap((each) => (each.type === "table" ? [each] : tables(each)));
}
