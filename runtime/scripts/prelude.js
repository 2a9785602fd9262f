// What a script finds around it, and how values go in and come out.
//
// Read first in each fresh isolate; gives the function that runs one script. What it needs is taken
// aside before the script can change it. That keeps answers right; it does not guard the house: the
// parent believes nothing that comes out of the process (wire.py).
(() => {
  "use strict";
  const {apply, defineProperty, getPrototypeOf, ownKeys} = Reflect;
  const {create, freeze, is} = Object;
  const {isArray} = Array;
  const {isSafeInteger, isFinite} = Number;
  const {stringify: quote, parse} = JSON;
  const [text, number, bigint, evaluate] = [String, Number, BigInt, globalThis.eval];
  const [ErrorOf, TypeErrorOf, DateOf, plainObject] = [Error, TypeError, Date, Object.prototype];
  const uncurried = (method) => (self, ...args) => apply(method, self, args);
  const [getTime, toISO] = [uncurried(Date.prototype.getTime), uncurried(Date.prototype.toISOString)];
  const [exec, slice] = [uncurried(RegExp.prototype.exec), uncurried(String.prototype.slice)];
  const toFixed = uncurried(Number.prototype.toFixed);
  const [marks, open] = [new WeakMap(), new WeakSet()];
  const [markOf, setMark] = [uncurried(WeakMap.prototype.get), uncurried(WeakMap.prototype.set)];
  const [isOpen, enter] = [uncurried(WeakSet.prototype.has), uncurried(WeakSet.prototype.add)];
  const leave = uncurried(WeakSet.prototype.delete);

  const MAX_TEXT = 1_000_000; // characters of all that is given back
  const MAX_ITEMS = 100_000; // of one list
  const MAX_LEVELS = 100;
  const MAX_DIGITS = 34; // as expressions compute

  // Buffers lie outside the heap and its limit; and nothing runs beside the script or after it.
  for (const name of [
    "ArrayBuffer", "SharedArrayBuffer", "DataView", "Atomics", "WebAssembly", "Int8Array", "Uint8Array",
    "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array", "Float16Array",
    "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "FinalizationRegistry", "WeakRef",
    "ShadowRealm",
  ]) delete globalThis[name];
  // Declared by mini_racer, so they cannot be deleted.
  for (const name of ["setTimeout", "clearTimeout", "__timer_manager"]) globalThis[name] = undefined;

  // --- kinds of values that JavaScript has not: each a mark of what it stands for ---------

  const marked = (object, tag, inner) => {
    setMark(marks, object, [tag, inner, quote(inner)]);
    return freeze(object);
  };
  const fitting = (given, pattern, what) => {
    if (exec(pattern, text(given)) === null) throw new TypeErrorOf(`${quote(text(given))} is no ${what}`);
    return text(given);
  };
  const exact = (tag, pattern, what, methods) => {
    const Kind = function (given) {
      if (!new.target) return new Kind(given);
      marked(this, tag, fitting(given, pattern, what));
    };
    methods.toString = function () { return markOf(marks, this)[1]; };
    methods.toJSON ??= methods.toString;
    for (const name of ownKeys(methods)) defineProperty(Kind.prototype, name, {value: methods[name]});
    return Kind;
  };
  const numberOf = function () { return number(markOf(marks, this)[1]); };
  const Decimal = exact("$decimal", /^[-+]?\d{1,400}(\.\d{1,400})?([eE][-+]?\d{1,4})?$/, "number", {
    valueOf: numberOf,
    toJSON: numberOf,
    toFixed(digits) { return toFixed(number(markOf(marks, this)[1]), digits); },
  });
  const LocalDate = exact("$date", /^\d{4}-\d\d-\d\d$/, "date such as 2026-01-31", {
    toDate() { return new DateOf(markOf(marks, this)[1]); },
    valueOf() { return getTime(new DateOf(markOf(marks, this)[1])); },
  });
  const Duration = exact("$duration", /^-?P(?=.)(\d+(\.\d+)?[YMWD])*(T(\d+(\.\d+)?[HMS])+)?$/, "duration such as P3D", {});

  const kinds = {__proto__: null, $decimal: Decimal, $date: LocalDate, $duration: Duration};

  class BpmnError extends ErrorOf {
    constructor(code, message = "") {
      super(text(message));
      defineProperty(this, "code", {value: text(code)});
      setMark(marks, this, ["BpmnError", `{"code":${quote(text(code))},"message":${quote(text(message))}}`]);
    }
    get name() { return "BpmnError"; }
  }

  const inward = (data) => {
    if (isArray(data)) {
      for (let index = 0; index < data.length; index++) data[index] = inward(data[index]);
      return data;
    }
    if (data === null || typeof data !== "object") return data;
    const keys = ownKeys(data);
    if (keys.length === 1) {
      const [tag, inner] = [keys[0], data[keys[0]]];
      if (tag === "$integer") return bigint(inner);
      if (tag in kinds) return marked(create(kinds[tag].prototype), tag, inner);
      if (tag === "$file") return marked({...inner}, tag, inner);
      if (tag === "$datetime") {
        // JavaScript has milliseconds; untouched, it comes back to the microsecond.
        const made = new DateOf(inner);
        setMark(marks, made, [tag, inner, quote(inner), getTime(made)]);
        return made;
      }
      if (tag === "$map") data = inner;
    }
    for (const key of ownKeys(data)) data[key] = inward(data[key]);
    return data;
  };

  // --- what is given back, as tagged JSON (runtime/values.py) -----------------------------

  class Refused extends ErrorOf {}
  class TooBig extends ErrorOf {}
  let written = 0;
  const put = (piece) => {
    written += piece.length;
    if (written > MAX_TEXT) throw new TooBig();
    return piece;
  };
  const tag = (name, inner) => put(`{"${name}":${inner}}`);
  const textOut = (value) => {
    if (value.length > MAX_TEXT) throw new TooBig();
    return put(quote(value));
  };
  const numberOut = (value, path) => {
    if (!isFinite(value)) throw new Refused(`${path} is ${value}`);
    // The shortest digits that mean this very number; beyond 2^53 it is not exact, so no integer.
    return isSafeInteger(value) ? put(text(is(value, -0) ? 0 : value)) : tag("$decimal", quote(text(value)));
  };
  const integerOut = (value, path) => {
    const limit = 10n ** 34n;
    if (value >= limit || value <= -limit) throw new Refused(`${path} has more than ${MAX_DIGITS} digits`);
    return tag("$integer", quote(text(value)));
  };
  const dateOut = (value, path, mark) => {
    const time = getTime(value);
    if (time !== time) throw new Refused(`${path} is an invalid date`);
    return tag("$datetime", mark && mark[3] === time ? mark[2] : quote(toISO(value)));
  };
  const isDate = (value) => {
    try { return getTime(value), true; } catch { return false; }
  };
  const listOut = (value, path, level) => {
    const length = number(value.length);
    if (length > MAX_ITEMS) throw new TooBig();
    let told = put("[");
    for (let index = 0; index < length; index++) {
      told += (index ? put(",") : "") + outward(value[index], `${path}[${index}]`, level);
    }
    return told + put("]");
  };
  const mapOut = (value, path, level) => {
    // Always inside $map: a key of the script's is never taken for a tag.
    let told = put('{"$map":{');
    const keys = ownKeys(value);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index];
      if (typeof key === "symbol") throw new Refused(`${path} has a symbol for a key`);
      told += put((index ? "," : "") + quote(key) + ":") + outward(value[key], `${path && path + "."}${slice(key, 0, 40)}`, level);
    }
    return told + put("}}");
  };
  const outward = (value, path, level) => {
    if (value === undefined || value === null) return put("null");
    switch (typeof value) {
      case "string": return textOut(value);
      case "boolean": return put(value ? "true" : "false");
      case "number": return numberOut(value, path);
      case "bigint": return integerOut(value, path);
      case "object": break;
      default: throw new Refused(`${path} is a ${typeof value}`);
    }
    const mark = markOf(marks, value);
    if (mark && mark[0] === "BpmnError") throw new Refused(`${path} is an error`);
    if (mark && mark[0] !== "$datetime") return tag(mark[0], mark[2]);
    if (isDate(value)) return dateOut(value, path, mark);
    if (level === MAX_LEVELS) throw new Refused(`${slice(path, 0, 80)} is nested more than ${MAX_LEVELS} levels deep`);
    if (isOpen(open, value)) throw new Refused(`${path} contains itself`);
    const list = isArray(value);
    const kind = getPrototypeOf(value);
    if (!list && kind !== plainObject && kind !== null) {
      throw new Refused(`${path} is neither a list nor a plain object`);
    }
    enter(open, value);
    const told = list ? listOut(value, path, level + 1) : mapOut(value, path, level + 1);
    leave(open, value);
    return told;
  };

  // --- one script -------------------------------------------------------------------------

  return (source, given) => {
    const {names, facts} = parse(given);
    const seen = inward(names.$map);
    let value;
    const [changed, local, removed] = [{__proto__: null}, {__proto__: null}, {__proto__: null}];
    const show = (name) => {
      // The language keeps undefined, NaN and Infinity, and the script its execution.
      if (name in reserved) return;
      try {
        defineProperty(globalThis, name, {value: current[name], writable: true, configurable: true, enumerable: true});
      } catch { /* cannot be shown by name; getVariable has it */ }
    };
    const hide = (name) => { if (!(name in reserved)) delete globalThis[name]; };
    const current = {__proto__: null};
    for (const name of ownKeys(seen)) current[name] = seen[name];
    const named = (name) => {
      if (typeof name !== "string" || name === "") throw new TypeErrorOf("a variable's name is text");
      return name;
    };
    const {task, local: own = [], changing = false, ...about} = facts;
    const isLocal = (name) => {
      if (named(name) in local) return true;
      if (name in removed || !(name in current)) return false;
      for (let index = 0; index < own.length; index++) if (own[index] === name) return true;
      return false;
    };
    const execution = {
      getVariable: (name) => (named(name) in current ? current[name] : null),
      hasVariable: (name) => named(name) in current,
      getVariables: () => ({...current}),
      getVariableLocal: (name) => (isLocal(name) ? current[name] : null),
      hasVariableLocal: (name) => isLocal(name),
      setVariable(name, value) {
        (named(name) in local ? local : changed)[name] = current[name] = value;
        delete removed[name];
        show(name);
      },
      setVariableLocal(name, value) {
        local[named(name)] = current[name] = value;
        show(name);
      },
      removeVariable(name) {
        if (!(named(name) in current)) return;
        if (name in local) delete local[name];
        else {
          delete changed[name];
          removed[name] = true;
        }
        // What it was before it was set in the element's own scope.
        if (name in changed) current[name] = changed[name];
        else if (!(name in removed) && name in seen) current[name] = seen[name];
        else delete current[name];
        if (name in current) show(name);
        else hide(name);
      },
    };
    const capital = (fact) => `${fact[0].toUpperCase()}${slice(fact, 1)}`;
    const tell = (teller, told, setters) => {
      for (const fact of ownKeys(told)) {
        const refuse = () => { throw new TypeErrorOf(`${fact} cannot be set here`); };
        const set = setters[fact] ?? refuse;
        defineProperty(teller, fact, {get: () => told[fact], set, enumerable: true});
        teller[`get${capital(fact)}`] = () => told[fact];
        if (setters[fact]) teller[`set${capital(fact)}`] = set;
      }
      return freeze(teller);
    };
    const altered = {__proto__: null};
    const offerTask = () => {
      const told = inward(task);
      const setters = {__proto__: null};
      const teller = {...execution};
      if (changing) {
        for (const fact of ["assignee", "name", "priority", "dueDate", "followUpDate"]) {
          setters[fact] = (value) => { altered[fact] = told[fact] = value ?? null; };
        }
        const adding = (fact) => (who) => { altered[fact] = [...(altered[fact] ?? []), who]; };
        teller.addCandidateUser = adding("candidateUsers");
        teller.addCandidateGroup = adding("candidateGroups");
      }
      return tell(teller, told, setters);
    };
    const ofTask = task && offerTask();
    execution.getBusinessKey = () => about.processBusinessKey;
    tell(execution, about, {__proto__: null});
    const reserved = {__proto__: null, execution, BpmnError, globalThis: 0, undefined: 0, NaN: 0, Infinity: 0};
    if (ofTask) reserved.task = ofTask;
    for (const [name, thing] of [["Decimal", Decimal], ["LocalDate", LocalDate], ["Duration", Duration],
      ["BpmnError", BpmnError], ["execution", execution], ["task", ofTask]]) {
      if (thing) defineProperty(globalThis, name, {value: thing, writable: true, configurable: true});
    }
    for (const name of ownKeys(current)) show(name);

    const told = (error) => {
      // No iterator, no toJSON from here on: both are the script's to change.
      const line = exec(/script:(\d+)/, text(error?.stack ?? ""));
      return `{"failed":${quote(slice(text(error), 0, 400))},"line":${line ? number(line[1]) : 0}}`;
    };
    try {
      value = evaluate(source + "\n//# sourceURL=script");
    } catch (error) {
      try {
        const mark = error !== null && typeof error === "object" && markOf(marks, error);
        return mark && mark[0] === "BpmnError" ? `{"thrown":${mark[1]}}` : told(error);
      } catch {
        return `{"failed":"what was thrown cannot be told","line":0}`;
      }
    }
    try {
      const gone = ownKeys(removed);
      let names = "";
      for (let index = 0; index < gone.length; index++) names += (index ? "," : "") + quote(gone[index]);
      const maps = `"value":${outward(value, "the value", 0)},"written":${mapOut(changed, "", 0)}`;
      const rest = `"local":${mapOut(local, "", 0)},"removed":[${names}],"task":${mapOut(altered, "", 0)}`;
      return `{"done":{${maps},${rest}}}`;
    } catch (error) {
      if (error instanceof TooBig) return `{"big":true}`;
      if (error instanceof Refused) return `{"refused":${quote(slice(error.message, 0, 200))}}`;
      try { return told(error); } catch { return `{"failed":"its value cannot be read","line":0}`; }
    }
  };
})();
