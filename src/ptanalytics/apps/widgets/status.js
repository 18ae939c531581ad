const BUSY_AFTER_MS = 400;

export default {
  render({ model, el }) {
    const line = document.createElement("div");
    line.className = "pta-status";
    line.setAttribute("role", "status");
    line.setAttribute("aria-live", "polite");
    const said = document.createElement("span");
    const busy = document.createElement("span");
    busy.className = "pta-busy";
    line.append(said, busy);
    el.append(line);
    let timer = 0;
    const onMessage = () => { said.textContent = model.get("message"); };
    const onBusy = () => {
      clearTimeout(timer);
      const isBusy = model.get("is_busy");
      line.setAttribute("aria-busy", String(isBusy));
      // Short work is not worth a flicker.
      if (isBusy) timer = setTimeout(() => { busy.textContent = "Working …"; }, BUSY_AFTER_MS);
      else busy.textContent = "";
    };
    model.on("change:message", onMessage);
    model.on("change:is_busy", onBusy);
    onMessage();
    onBusy();
    return () => {
      clearTimeout(timer);
      model.off("change:message", onMessage);
      model.off("change:is_busy", onBusy);
    };
  },
};
