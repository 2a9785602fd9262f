// Charts, drawn from a JSON block and always with the table of the same figures beside them:
//
//   <figure data-chart>
//     <script type="application/json" data-config>{"type": "bar", "data": {…}, "options": {…}}</script>
//     <canvas></canvas>
//   </figure>
//
// Colours come from the page's custom properties --chart-1 … --chart-6.
import Chart from "chart.js/auto";

import { json, mount } from "./shared/mount.js";

mount("chart", (element) => {
  const config = json(element, "config");
  const style = getComputedStyle(element);
  Chart.defaults.font.family = style.fontFamily;
  Chart.defaults.color = style.color;
  config.data.datasets.forEach((series, place) => {
    const colour = style.getPropertyValue(`--chart-${(place % 6) + 1}`).trim();
    if (!colour) return;
    series.backgroundColor ??= colour;
    series.borderColor ??= colour;
  });
  config.options = { responsive: true, maintainAspectRatio: false, animation: false, ...config.options };
  new Chart(element.querySelector("canvas"), config);
});
