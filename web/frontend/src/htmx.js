// htmx, kept inside a strict content security policy: it neither adds styles nor evaluates text.
// Script elements in what it fetches stay: they carry our JSON, and the policy stops any other.
import htmx from "htmx.org";

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
window.htmx = htmx;
