const library = __LIBRARY__;
const GIVE_UP_MS = 20000;
// A chart counts as seen when this share of it is on the screen.
const SEEN_SHARE = 0.3;
const UNSEEN_AT_LATEST_MS = 100;
const NOTE_LINE_PX = 15;
const TITLE_LINE_PX = 19;
const NARROW_PX = 620;
const SIDES_PX = 24;
const NOTE_SIDES_PX = 64;
const LEGEND_ROW_PX = 21;
const LEGEND_SIGN_PX = 48;
const USUAL_PX = 760;
// The mark on charts of generated data stands beside the title.
const STAMP = "synthetic";
const STAMP_PX = 140;

// Charts out of sight are drawn together when the page has nothing else to do, so that it is painted once for all of them.
// The list is the page's: each chart has a copy of this module. Safari has no idle callback.
const waiting = (library.waiting ??= new Set());
const whenIdle = window.requestIdleCallback ?? ((run) => setTimeout(run, 20));

function drawLater(draw) {
  if (!waiting.size) {
    whenIdle(() => { const all = [...waiting]; waiting.clear(); all.forEach((one) => one()); }, { timeout: UNSEEN_AT_LATEST_MS });
  }
  waiting.add(draw);
}

const plain = (value) => String(value ?? "").replace(/<[^>]*>/g, " ").trim();

function saying(figure, alt) {
  const title = figure.layout?.title;
  return alt || plain(figure.layout?.meta?.alt) || plain(title?.text ?? title) || "Chart";
}

// Widths of words, remembered: the words of a chart hardly change from one drawing to the next.
const widths = new Map();
let pen = null;
function wordWidth(word, font) {
  const key = `${font}|${word}`;
  let width = widths.get(key);
  if (width === undefined) {
    pen ??= document.createElement("canvas").getContext("2d");
    if (pen.font !== font) pen.font = font;
    width = pen.measureText(word).width;
    if (widths.size > 5000) widths.clear();
    widths.set(key, width);
  }
  return width;
}

// Break markup of a figure at spaces so that it fits a width; an entity such as &lt; stays whole.
function fitted(markup, font, width) {
  const space = wordWidth(" ", font);
  const lines = [];
  let used = 0;
  for (const word of markup.replace(/<br\s*\/?>/g, " ").split(/\s+/)) {
    const own = wordWidth(word, font);
    if (lines.length && used + space + own <= width) {
      lines[lines.length - 1] += ` ${word}`;
      used += space + own;
    } else {
      lines.push(word);
      used = own;
    }
  }
  return lines;
}

// How many rows the legend of a figure takes at a width.
function legendRows(figure, family, width) {
  const names = figure.data.filter((one) => one.name && one.showlegend !== false).map((one) => plain(one.name));
  if (figure.layout.showlegend === false || !names.length) return 0;
  const widest = Math.max(...names.map((name) => wordWidth(name, `11px ${family}`))) + LEGEND_SIGN_PX;
  return Math.ceil(names.length / Math.max(1, Math.floor((width - 86) / widest)));
}

// A figure knows its height but not the width of its place: wrap title and footnote to it and make room for them.
function layoutFor(figure, width) {
  // A given width spares plotly from measuring the page for every chart.
  const layout = { ...figure.layout, autosize: false, width };
  const family = layout.template?.layout?.font?.family ?? "sans-serif";
  const margin = { ...layout.margin };
  let grown = 0;
  const title = layout.title?.text;
  if (title) {
    const isStamped = layout.annotations?.some((one) => one.name === STAMP);
    const lines = fitted(title, `600 15px ${family}`, width - SIDES_PX - (isStamped ? STAMP_PX : 10));
    layout.title = { ...layout.title, text: lines.join("<br>") };
    const extra = (lines.length - 1) * TITLE_LINE_PX;
    margin.t = (margin.t ?? 60) + extra;
    grown += extra;
    if (layout.legend?.yref === "container") layout.legend = { ...layout.legend, fromTop: (1 - layout.legend.y) * layout.height + extra };
  }
  const rows = legendRows(figure, family, width) - legendRows(figure, family, USUAL_PX);
  if (rows > 0) {
    margin.t = (margin.t ?? 60) + rows * LEGEND_ROW_PX;
    grown += rows * LEGEND_ROW_PX;
  }
  const axes = Object.keys(layout).filter((name) => /^xaxis\d*$/.test(name));
  if (width < NARROW_PX) for (const name of axes) layout[name] = { ...layout[name], tickfont: { ...layout[name].tickfont, size: 10 } };
  const top = margin.t;
  layout.annotations = layout.annotations?.map((one) => {
    if (one.name === STAMP) return { ...one, yshift: top - 8 };
    if (one.name !== "note") return one;
    const before = one.text.split("<br>").length;
    const lines = fitted(one.text, `11px ${family}`, width - NOTE_SIDES_PX);
    const extra = (lines.length - before) * NOTE_LINE_PX;
    margin.b = (margin.b ?? 60) + extra;
    grown += extra;
    return { ...one, text: lines.join("<br>") };
  });
  if (layout.height) layout.height += grown;
  if (layout.legend?.fromTop) layout.legend = { ...layout.legend, y: 1 - layout.legend.fromTop / layout.height };
  delete layout.legend?.fromTop;
  layout.margin = margin;
  return layout;
}

export default {
  render({ model, el }) {
    const plot = document.createElement("div");
    plot.style.width = "100%";
    plot.dataset.chart = model.get("name");
    plot.textContent = "Drawing …";
    el.append(plot);
    let plotly = null;
    let isDrawing = false;
    let isStale = false;
    let width = 0;

    async function draw() {
      const source = model.get("figure_json");
      if (!plotly || !source || !plot.clientWidth) return;
      if (isDrawing) { isStale = true; return; }
      isDrawing = true;
      try {
        const figure = JSON.parse(source);
        if (!plot.dataset.drawn) plot.textContent = "";
        width = plot.clientWidth;
        await plotly.react(plot, figure.data, layoutFor(figure, width), model.get("config"));
        plot.setAttribute("role", "figure");
        plot.setAttribute("aria-label", saying(figure, model.get("alt")));
        plot.dataset.drawn = String(Number(plot.dataset.drawn ?? 0) + 1);
      } finally {
        isDrawing = false;
        if (isStale) { isStale = false; draw(); }
      }
    }

    const late = setTimeout(() => {
      if (!plotly) plot.textContent = "The chart has not loaded. Run the cell again.";
    }, GIVE_UP_MS);
    library.ready.then((loaded) => { plotly = loaded; clearTimeout(late); draw(); });
    // What is on the screen is drawn at once, the rest when the page is idle: a filter must be felt where the eye is.
    let isSeen = true;
    const sight = new IntersectionObserver((entries) => {
      isSeen = entries[entries.length - 1].intersectionRatio >= SEEN_SHARE;
      if (isSeen && waiting.delete(draw)) draw();
    }, { threshold: [0, SEEN_SHARE] });
    sight.observe(plot);
    const onFigure = () => {
      if (isSeen || !plot.dataset.drawn) draw();
      else drawLater(draw);
    };
    model.on("change:figure_json", onFigure);
    // The element gets its width only when the notebook attaches it, and again when a panel is opened or resized.
    const sizes = new ResizeObserver(() => { if (plot.clientWidth && plot.clientWidth !== width) draw(); });
    sizes.observe(plot);
    return () => {
      clearTimeout(late);
      waiting.delete(draw);
      sizes.disconnect();
      sight.disconnect();
      model.off("change:figure_json", onFigure);
      if (plotly && plot.dataset.drawn) plotly.purge(plot);
    };
  },
};
