// The date picker inside form-js, in the reader's language.
import flatpickr from "flatpickr";
import { Mandarin } from "flatpickr/dist/esm/l10n/zh.js";
import { MandarinTraditional } from "flatpickr/dist/esm/l10n/zh-tw.js";

export function calendarLanguage(language) {
  if (language === "zh-Hans") flatpickr.localize(Mandarin);
  if (language === "zh-Hant") flatpickr.localize(MandarinTraditional);
}
