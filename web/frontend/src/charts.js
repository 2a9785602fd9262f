// Pictures of stock and of reports, always with the table of the same figures beside them:
//
//   <figure data-stock-chart> rows: [{sku, name, on_hand, safety_stock, reorder_point, below}]
//   <figure data-history-chart> points: [{at, quantity}], lines: {safety_stock, reorder_point}
//   <figure data-report-chart> drawn: what a report is drawn as
//
// Colours come from the page's custom properties.
import Chart from "chart.js/auto";

import { json, mount } from "./shared/mount.js";

const ROW = 26; // pixels a component
const FARTHEST = 2.5; // times the reorder point; what is beyond is drawn cut off

function prepare(element) {
  const style = getComputedStyle(element);
  Chart.defaults.font.family = style.fontFamily;
  Chart.defaults.font.size = 12;
  Chart.defaults.color = style.getPropertyValue("--muted").trim();
  return (name) => style.getPropertyValue(name).trim();
}

mount("stock-chart", (element) => {
  const rows = json(element, "rows").filter((row) => row.reorder_point > 0);
  const words = json(element, "words");
  const colour = prepare(element);
  const count = new Intl.NumberFormat(words.language);
  const share = new Intl.NumberFormat(words.language, { style: "percent", maximumFractionDigits: 0 });
  if (!rows.length) {
    element.hidden = true;
    return;
  }
  element.querySelector("[data-canvas]").style.height = `${rows.length * ROW + 56}px`;
  // Each component against its own reorder point: thousands of connectors and dozens of
  // inverters are then comparable, and how far each is from ordering is what one sees.
  const marks = {
    id: "marks",
    afterDatasetsDraw(chart) {
      const { ctx, scales, chartArea } = chart;
      ctx.save();
      ctx.setLineDash([5, 4]);
      ctx.lineWidth = 2;
      ctx.strokeStyle = colour("--chart-3");
      const one = scales.x.getPixelForValue(1);
      line(ctx, one, chartArea.top, chartArea.bottom);
      ctx.setLineDash([]);
      ctx.lineWidth = 3;
      ctx.strokeStyle = colour("--text");
      rows.forEach((row, place) => {
        if (!(row.safety_stock > 0)) return;
        const x = scales.x.getPixelForValue(row.safety_stock / row.reorder_point);
        const y = scales.y.getPixelForValue(place);
        line(ctx, x, y - ROW * 0.36, y + ROW * 0.36);
      });
      ctx.restore();
    },
  };
  new Chart(element.querySelector("canvas"), {
    type: "bar",
    plugins: [marks],
    data: {
      labels: rows.map((row) => row.name),
      datasets: [{
        data: rows.map((row) => Math.min(row.on_hand / row.reorder_point, FARTHEST)),
        backgroundColor: rows.map((row) => colour(row.below ? "--chart-2" : "--chart-1")),
        barPercentage: 0.62,
        categoryPercentage: 1,
        borderRadius: 3,
      }],
    },
    options: {
      indexAxis: "y",
      maintainAspectRatio: false,
      animation: false,
      scales: {
        x: { min: 0, max: FARTHEST, grid: { color: colour("--line") }, ticks: { stepSize: element.clientWidth < 500 ? 1 : 0.5, callback: (value) => share.format(value) }, title: { display: true, text: words.axis } },
        y: { grid: { display: false }, ticks: { autoSkip: false, color: colour("--text"), callback(value) { return shorten(this.getLabelForValue(value), this.chart.width); } } },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: {
            label: ({ dataIndex }) => ["on_hand", "safety_stock", "reorder_point"].map((name) => `${words[name]}: ${count.format(rows[dataIndex][name] ?? 0)}`),
          },
        },
      },
      onClick: (_, found) => {
        if (found.length) window.location.assign(words.href.replace("SKU", encodeURIComponent(rows[found[0].index].sku)));
      },
      onHover: (event, found) => {
        event.native.target.style.cursor = found.length ? "pointer" : "";
      },
    },
  });
});

mount("history-chart", (element) => {
  const points = json(element, "points");
  const words = json(element, "words");
  const colour = prepare(element);
  const times = points.map((point) => new Date(point.at).getTime());
  const level = (value, name, dash) => ({
    label: name, data: times.map((x) => ({ x, y: value })), borderColor: colour(dash ? "--chart-3" : "--chart-2"),
    borderDash: dash ? [5, 4] : [], borderWidth: 2, pointRadius: 0,
  });
  // Within a few days, the day alone would say the same at every mark.
  const brief = times.at(-1) - times[0] < 3 * 24 * 3600 * 1000;
  const shape = brief ? { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" } : { dateStyle: "medium" };
  const day = new Intl.DateTimeFormat(words.language, { ...shape, timeZone: words.zone });
  new Chart(element.querySelector("canvas"), {
    type: "line",
    data: {
      datasets: [
        { label: words.on_hand, data: points.map((point, place) => ({ x: times[place], y: point.quantity })), stepped: "before", borderColor: colour("--chart-1"), backgroundColor: colour("--chart-1"), borderWidth: 2, pointRadius: 3 },
        ...(words.levels.safety_stock === null ? [] : [level(words.levels.safety_stock, words.safety_stock, false)]),
        ...(words.levels.reorder_point === null ? [] : [level(words.levels.reorder_point, words.reorder_point, true)]),
      ],
    },
    options: {
      maintainAspectRatio: false,
      animation: false,
      interaction: { mode: "nearest", axis: "x", intersect: false },
      scales: {
        x: { type: "linear", min: times[0], max: times.at(-1), grid: { display: false }, ticks: { maxTicksLimit: 6, callback: (value) => day.format(value) } },
        y: { beginAtZero: true, grid: { color: colour("--line") } },
      },
      plugins: { legend: { position: "bottom", labels: { boxHeight: 1 } }, tooltip: { callbacks: { title: (items) => day.format(items[0].parsed.x) } } },
    },
  });
});

// A report: drawn: {kind: bar | stacked | line | sideways, labels, series: [{name, percent, values}], language}.
// Shares have an axis of their own, from 0 to 100 %.
mount("report-chart", (element) => {
  const drawn = json(element, "drawn");
  const colour = prepare(element);
  const count = new Intl.NumberFormat(drawn.language, { maximumFractionDigits: 2 });
  const sideways = drawn.kind === "sideways";
  const stacked = drawn.kind === "stacked";
  if (sideways) element.querySelector("[data-canvas]").style.height = `${drawn.labels.length * ROW * 1.4 + 90}px`;
  const shares = drawn.series.filter((each) => each.percent).length;
  const mixed = shares > 0 && shares < drawn.series.length;
  const value = sideways ? "x" : "y";
  const axis = (percent) => ({
    axis: value, beginAtZero: true, stacked, ...(percent ? { suggestedMax: 100, suggestedMin: 0 } : {}),
    grid: { color: colour("--line"), drawOnChartArea: !mixed || !percent },
    ticks: { callback: (number) => (percent ? `${number}%` : count.format(number)), maxTicksLimit: element.clientWidth < 500 ? 5 : 9 },
  });
  const scales = { [sideways ? "y" : "x"]: { stacked, grid: { display: false }, ticks: { autoSkip: !sideways, color: colour("--text"), callback(tick) { return shorten(this.getLabelForValue(tick), this.chart.width); } } } };
  if (shares < drawn.series.length) scales[value] = axis(false);
  else scales[value] = axis(true);
  if (mixed) scales.share = { ...axis(true), position: sideways ? "top" : "right" };
  new Chart(element.querySelector("canvas"), {
    type: drawn.kind === "line" ? "line" : "bar",
    data: {
      labels: drawn.labels,
      datasets: drawn.series.map((each, place) => ({
        label: each.name, data: each.values,
        backgroundColor: colour(`--series-${place + 1}`), borderColor: colour(`--series-${place + 1}`),
        borderWidth: drawn.kind === "line" ? 2 : 0, pointRadius: 3, borderDash: drawn.kind === "line" && place ? [5, 4] : [],
        borderRadius: 3, maxBarThickness: 42, spanGaps: true,
        ...(mixed && each.percent ? { [sideways ? "xAxisID" : "yAxisID"]: "share" } : {}),
      })),
    },
    options: {
      indexAxis: sideways ? "y" : "x",
      maintainAspectRatio: false,
      animation: false,
      interaction: { mode: "index", axis: sideways ? "y" : "x", intersect: false },
      scales,
      plugins: {
        legend: { display: drawn.series.length > 1, position: "bottom", labels: drawn.kind === "line" ? { boxHeight: 1 } : { boxHeight: 10, boxWidth: 14 } },
        tooltip: { callbacks: { label: ({ dataset, raw, datasetIndex }) => `${dataset.label}: ${count.format(raw)}${drawn.series[datasetIndex].percent ? "%" : ""}` } },
      },
    },
  });
});

function line(ctx, x, top, bottom) {
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, bottom);
  ctx.stroke();
}

function shorten(text, width) {
  const most = width < 500 ? 12 : 40;
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
