// The date picker inside form-js: in the reader's language, and of days that there are.
import flatpickr from "flatpickr";
import { Mandarin } from "flatpickr/dist/esm/l10n/zh.js";
import { MandarinTraditional } from "flatpickr/dist/esm/l10n/zh-tw.js";

const read = flatpickr.parseDate;
const FIRST = "01/01/1900"; // before which form-js takes no day; it writes it so in every language

export function calendarLanguage(language) {
  if (language === "zh-Hans") flatpickr.localize(Mandarin);
  if (language === "zh-Hant") flatpickr.localize(MandarinTraditional);
  // As a plugin: of the defaults it forgets how days are read.
  flatpickr.setDefaults({ plugins: [() => ({ parseDate: existing })] });
}

/** The day that was typed; none for 31 November, which the picker would take for 1 December. */
function existing(text, format) {
  if (text === FIRST) return new Date(1900, 0, 1);
  const day = read(text, format);
  const typed = (text.match(/\d+/g) ?? []).map(Number);
  return day && typed.length === 3 && ![day.getFullYear(), day.getMonth() + 1, day.getDate()].every((part) => typed.includes(part)) ? undefined : day;
}
