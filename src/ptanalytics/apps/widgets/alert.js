export default {
  render({ model, el }) {
    const box = document.createElement("div");
    el.append(box);
    function show() {
      const message = model.get("message");
      box.hidden = !message;
      box.className = `pta-alert pta-alert-${model.get("kind")}`;
      box.replaceChildren();
      if (!message) { box.removeAttribute("role"); return; }
      const what = document.createElement("strong");
      what.textContent = message;
      const next = document.createElement("span");
      next.textContent = model.get("to_do");
      const close = document.createElement("button");
      close.type = "button";
      close.textContent = "Dismiss";
      close.onclick = () => { model.set("message", ""); model.save_changes(); };
      box.setAttribute("role", "alert");
      box.append(what, next, close);
    }
    model.on("change:message change:to_do change:kind", show);
    show();
    return () => model.off("change:message change:to_do change:kind", show);
  },
};
