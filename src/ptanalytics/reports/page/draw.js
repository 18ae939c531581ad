// Draws each figure from the inert data beside it, says when all are there, and fits a one-page report to its page.
(async () => {
  const root = document.documentElement;
  const main = document.querySelector("main");
  const { pageWidth, pageHeight } = main.dataset;
  // Figures have their height before they are drawn, so the page is first made as wide as it will be once shrunk.
  if (pageHeight) main.style.width = `${pageWidth / Math.min(1, pageHeight / main.scrollHeight)}px`;
  const charts = [...document.querySelectorAll(".chart")];
  for (const chart of charts) {
    const { data, layout, config } = JSON.parse(document.getElementById(chart.dataset.figure).textContent);
    await Plotly.newPlot(chart, data, { ...layout, autosize: true }, config);
  }
  if (pageHeight) main.style.zoom = Math.min(1, pageWidth / main.scrollWidth, pageHeight / main.scrollHeight);
  root.dataset.drawn = String(charts.length);
})().catch((error) => { document.documentElement.dataset.failed = error.name; throw error; });
