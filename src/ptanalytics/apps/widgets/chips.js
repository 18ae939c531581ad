export default {
  render({ model, el }) {
    const list = document.createElement("ul");
    list.className = "pta-chips";
    list.setAttribute("aria-label", "Filters in use");
    el.append(list);
    function show() {
      const items = model.get("items");
      list.replaceChildren(...items.map((item) => {
        const chip = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = `${item.text} ×`;
        button.setAttribute("aria-label", `Remove filter: ${item.text}`);
        button.onclick = () => model.send({ remove: item.key });
        chip.append(button);
        return chip;
      }));
      if (!items.length) {
        const none = document.createElement("li");
        none.textContent = model.get("empty_text");
        list.append(none);
      }
    }
    model.on("change:items change:empty_text", show);
    show();
    return () => model.off("change:items change:empty_text", show);
  },
};
