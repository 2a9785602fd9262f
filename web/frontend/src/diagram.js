// A case's diagram with the path it took:
//
//   <div data-diagram="/url/of/the.bpmn">
//     <script type="application/json" data-marks>{"taken": ["id"], "active": ["id"], "failed": ["id"]}</script>
//   </div>
//
// Each kind of mark becomes the class `is-KIND` on the shape. bpmn.io's watermark stays: its licence asks for it.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";

import { json, mount } from "./shared/mount.js";

mount("diagram", async (element) => {
  const marks = json(element, "marks", {});
  const answer = await fetch(element.dataset.diagram, { headers: { Accept: "application/xml" } });
  if (!answer.ok) {
    element.classList.add("is-missing");
    return;
  }
  const viewer = new NavigatedViewer({ container: element });
  await viewer.importXML(await answer.text());
  const canvas = viewer.get("canvas");
  const shapes = viewer.get("elementRegistry");
  for (const [kind, ids] of Object.entries(marks)) {
    for (const id of ids) if (shapes.get(id)) canvas.addMarker(id, `is-${kind}`);
  }
  canvas.zoom("fit-viewport", "auto");
  element.dispatchEvent(new CustomEvent("diagram:shown", { bubbles: true, detail: { viewer } }));
});
