// What a page tries; evaluated in one. Events that are waited for once.
const loaded = (element) =>
  new Promise((resolve, reject) => {
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => reject(new Error("refused")));
  });

const outcome = async (act) => {
  try {
    await act();
    return "done";
  } catch {
    return "refused";
  }
};

self.tries = {
  /** From another origin: to take hold of a script, a window and a frame of the console. What it got of each. */
  takeHold: async (url, script) => {
    const seen = (look) => {
      try {
        return look() || "nothing";
      } catch {
        return "nothing";
      }
    };
    const insert = (element, src) => {
      const over = loaded(element);
      element.src = src;
      document.body.append(element);
      return over;
    };
    const opened = window.open(`${url}/vault`);
    const frame = document.createElement("iframe");
    await insert(frame, `${url}/vault`);
    return {
      script: await outcome(() => insert(document.createElement("script"), url + script)),
      window: seen(() => opened.document.body.innerText),
      frame: seen(() => frame.contentDocument.body.innerText),
    };
  },

  /** In the console's own page: what injected markup or a faulty script of ours would do. Whether it was done. */
  breakRules: async (elsewhere) => ({
    markup: await outcome(() => (document.body.innerHTML = "<b>x</b>")),
    // As a timer's text: what a test evaluates itself may do more than the page.
    // oxlint-disable-next-line typescript/no-implied-eval
    code: await outcome(() => setTimeout("1")),
    policy: await outcome(() => trustedTypes.createPolicy("x", {})),
    inline: await outcome(() => (document.createElement("script").textContent = "1")),
    script: await outcome(() => (document.createElement("script").src = `${elsewhere}/x.js`)),
    image: await outcome(() => {
      const image = new Image();
      const over = loaded(image);
      image.src = `${elsewhere}/x.png`;
      return over;
    }),
    fetch: await outcome(() => fetch(elsewhere)),
    handler: await outcome(() => {
      document.body.setAttribute("onclick", "self.ran = true");
      document.body.click();
      if (!self.ran) throw new Error("it did not run");
    }),
  }),
};
