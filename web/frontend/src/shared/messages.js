// form-js says what is wrong in English only. The page hands over the same sentences in the
// reader's language: {"Field must have minimum value of {0}.": "不能小于 {0}。", …}.

/** A function from form-js's sentence to the reader's; what the page does not know stays English. */
export function translator(messages) {
  const known = Object.entries(messages).map(([english, theirs]) => [pattern(english), theirs]);
  return (sentence) => {
    for (const [shape, theirs] of known) {
      const found = shape.exec(sentence);
      if (found) return theirs.replace(/\{(\d+)\}/g, (_, place) => found[Number(place) + 1] ?? "");
    }
    return sentence;
  };
}

function pattern(english) {
  const literal = english.split(/\{\d+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join("(.+?)")}$`, "s");
}
