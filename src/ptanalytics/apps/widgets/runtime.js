const library = __LIBRARY__;

async function load(compressed) {
  const packed = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const source = await new Response(packed).blob();
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const script = document.createElement("script");
  script.onload = () => { URL.revokeObjectURL(address); library.give(window.Plotly); };
  script.src = address;
  document.head.append(script);
}

export default {
  // Not awaited: anywidget waits at most two seconds for a widget, and the charts wait for the promise.
  initialize({ model }) { if (!library.isLoading) { library.isLoading = true; load(model.get("library")); } },
  render() {},
};
