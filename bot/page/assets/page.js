"use strict";
// The page works without this script, by its forms; with it nothing is loaded again and everything is live.

const turns = document.getElementById("turns");
const form = document.getElementById("form");
const say = document.getElementById("say");
const send = document.getElementById("send");
const notice = document.getElementById("notice");
const list = document.getElementById("list");
const place = turns.dataset.place;
const draftKey = `draft:${location.pathname}`;
const title = document.title;

// --- what comes in -------------------------------------------------------------------------------------------------

function listen() {
  const stream = new EventSource(`/conversations/${place}/events`);
  stream.addEventListener("open", () => {
    if (notice.textContent === turns.dataset.offline) tell("");
  });
  stream.addEventListener("turn", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("words", (event) => hear(JSON.parse(event.data)));
  stream.addEventListener("side", (event) => {
    list.innerHTML = JSON.parse(event.data).html;
    localise(list);
  });
  stream.addEventListener("error", async () => {
    const known = await fetch(`/conversations/${place}`, { method: "GET", headers: { Accept: "application/json" } }).catch(() => null);
    if (known && known.status === 401) {
      stream.close();
      tell(turns.dataset.closed);
      return;
    }
    if (!known || !known.ok) tell(turns.dataset.offline);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

function show(turn) {
  const old = document.getElementById(`t-${turn.id}`);
  if (old && old.dataset.version === turn.version) return;
  const article = old || document.createElement("article");
  const opened = [...article.querySelectorAll("details[open]")].map((one) => one.id);
  const focused = article.contains(document.activeElement) ? document.activeElement.id : null;
  article.className = "turn";
  article.id = `t-${turn.id}`;
  article.dataset.version = turn.version;
  article.tabIndex = -1;
  article.innerHTML = turn.html;
  opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  localise(article);
  if (turn.answered) written.delete(turn.id);
  draw(turn.id);
  if (!old) {
    document.getElementById("welcome")?.remove();
    article.dataset.came = performance.now();
    turns.append(article);
    if (turns.querySelectorAll(".turn").length === 1) settle(article.querySelector(".said").textContent);
    arrived(article.querySelector(".said").textContent);
  }
  // Whoever stood on a button that is gone stands on its turn, not at the top of the page.
  if (focused !== null) (document.getElementById(focused) || article).focus();
  keepUp();
  if (turn.answered || turn.asks || !old) speak(turn.answered ? `${turn.spoken} ${plain(article)}` : turn.spoken);
  if (turn.answered && document.hidden) document.title = `● ${title}`;
}

// Words while they are written, by turn and step: plain text, which the answer takes the place of. Nobody is read each
// piece aloud; the answer is.
const written = new Map();

function hear(piece) {
  const steps = written.get(piece.id) || new Map();
  written.set(piece.id, steps);
  const known = steps.get(piece.step);
  steps.set(piece.step, { agent: piece.agent, text: (piece.from && known ? known.text : "") + piece.text });
  draw(piece.id);
  keepUp();
}

function draw(id) {
  const words = document.querySelector(`#t-${CSS.escape(id)} .words.progress`);
  const steps = [...(written.get(id) || [])].filter(([, step]) => step.text.trim());
  if (!words) return;
  const many = words.querySelectorAll(".steps li").length > 1;
  words.querySelectorAll(".writing").forEach((one) => {
    if (!steps.some(([step]) => one.dataset.step === String(step))) one.remove();
  });
  for (const [step, { agent, text }] of steps) {
    let box = words.querySelector(`.writing[data-step="${step}"]`);
    if (!box) {
      box = document.createElement("div");
      box.className = "writing";
      box.dataset.step = step;
      box.setAttribute("aria-live", "off");
      if (many) {
        const name = document.createElement("p");
        name.className = "agent";
        name.textContent = agent;
        box.append(name);
      }
      const said = document.createElement("p");
      said.className = "said";
      said.dir = "auto";
      box.append(said);
      words.append(box);
    }
    box.querySelector(".said").textContent = text;
    // Its agent is done while others still write.
    const line = words.querySelectorAll(".steps li")[step];
    const writing = !line || line.classList.contains("running");
    box.classList.toggle("finished", !writing);
    box.setAttribute("aria-busy", String(writing));
  }
}

// Whoever stood at the end stays there, whatever makes the page longer: a turn, its words, a picture that comes later.
// Only moving up ends that: what grows below moves nobody, but the end is no longer near.
let following = true;
let lastTop = 0;
function atEnd() {
  const page = document.documentElement;
  return page.scrollHeight - page.scrollTop - page.clientHeight < 160;
}
function keepUp() {
  if (following) window.scrollTo(0, document.documentElement.scrollHeight);
}
window.addEventListener("scroll", () => {
  const top = document.documentElement.scrollTop;
  if (top < lastTop || atEnd()) following = atEnd();
  lastTop = top;
});
window.addEventListener("resize", keepUp);
const growth = new ResizeObserver(keepUp);

// What somebody opens is brought into sight, and nothing moves it away again.
let opening = null;
turns.addEventListener("click", (event) => {
  const summary = event.target.closest("summary");
  if (!summary || summary.parentElement.open) return;
  opening = summary.parentElement;
  following = false;
});
turns.addEventListener(
  "toggle",
  (event) => {
    if (event.target !== opening) return;
    opening = null;
    event.target.scrollIntoView({ block: "nearest" });
    following = atEnd();
  },
  true,
);

function plain(article) {
  return article.querySelector(".words").textContent.trim().slice(0, 600);
}

// A conversation has its own address from its first turn on.
function settle(first) {
  if (location.pathname === "/") history.replaceState(null, "", `/conversations/${place}`);
  document.getElementById("title").textContent = first.slice(0, 80);
}

function speak(words) {
  document.getElementById("spoken").textContent = words;
}

function tell(words) {
  notice.textContent = words || "";
}

// What is said to the asker alone stands among the turns until it is dismissed, or the page is left: it is kept nowhere.
function whisper(html) {
  const part = document.createElement("section");
  part.className = "told";
  part.innerHTML = html;
  document.getElementById("welcome")?.remove();
  turns.append(part);
  keepUp();
  speak(plain(part));
}
turns.addEventListener("click", (event) => {
  if (!event.target.matches(".told .dismiss")) return;
  event.target.closest(".told").remove();
  say.focus();
});

// What was said about the press or the words before is over with the next turn, unless words still wait to be sent;
// they may be those of this turn: then only the answer to them was lost.
let unsent = null;
function arrived(said) {
  if (unsent !== null && said.trim() !== unsent.trim()) return;
  if (unsent !== null && say.value === unsent) sent();
  unsent = null;
  tell("");
}

function sent() {
  say.value = "";
  form.elements.key.value = crypto.getRandomValues(new Uint8Array(16)).reduce((hex, byte) => hex + byte.toString(16).padStart(2, "0"), "");
  sessionStorage.removeItem(draftKey);
  fit();
}

// --- what goes out -------------------------------------------------------------------------------------------------

async function post(target, fields) {
  const response = await fetch(target, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  const body = await response.json().catch(() => ({}));
  return { good: response.ok, told: body.told, notice: body.notice || (response.ok ? "" : body.detail || form.dataset.failed) };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (send.disabled || !say.value.trim()) return;
  const words = send.textContent;
  const began = performance.now();
  send.disabled = true;
  send.textContent = send.dataset.sending;
  tell("");
  // Whoever asks wants to see what comes of it.
  following = true;
  keepUp();
  try {
    const done = await post(form.action, new FormData(form));
    tell(done.notice);
    if (done.told) whisper(done.told);
    if (done.good) {
      unsent = null;
      sent();
    }
  } catch {
    // The same words under the same key: sending them again makes nothing twice.
    unsent = say.value;
    tell(form.dataset.failed);
    // They may stand there already: the turn can be faster than the answer that was lost.
    const last = [...turns.querySelectorAll(".turn .asked .said")].at(-1);
    if (last && Number(last.closest(".turn").dataset.came) > began) arrived(last.textContent);
  } finally {
    send.disabled = false;
    send.textContent = words;
    say.focus();
  }
});

turns.addEventListener("submit", async (event) => {
  event.preventDefault();
  const pressed = event.target.querySelector("button");
  if (pressed.ariaDisabled === "true") return;
  // A button that is really disabled would lose the keyboard's place.
  pressed.ariaDisabled = "true";
  try {
    // Not `.action`: that is the field of this name.
    const done = await post(event.target.getAttribute("action"), new FormData(event.target));
    tell(done.notice);
    if (pressed.classList.contains("schedule") && done.good) say.focus();
  } catch {
    tell(form.dataset.failed);
  } finally {
    pressed.ariaDisabled = "false";
  }
});

say.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

say.addEventListener("input", () => {
  sessionStorage.setItem(draftKey, say.value);
  fit();
});

function fit() {
  say.style.height = "auto";
  // The height holds the border, too: without it a single line would have scroll arrows.
  const border = say.offsetHeight - say.clientHeight;
  say.style.height = `${Math.min(say.scrollHeight + border, window.innerHeight * 0.4)}px`;
  const limit = Number(form.dataset.limit);
  const count = [...say.value].length;
  const words = form.dataset.long.replace("{count}", count.toLocaleString()).replace("{limit}", limit.toLocaleString());
  document.getElementById("count").textContent = count > limit * 0.9 ? words : "";
}

// --- around it -----------------------------------------------------------------------------------------------------

document.querySelectorAll(".example").forEach((example) =>
  example.addEventListener("click", () => {
    say.value = example.dataset.text;
    fit();
    say.focus();
  }),
);

const menu = document.getElementById("menu");
menu.hidden = false;
menu.addEventListener("click", () => open(menu.getAttribute("aria-expanded") !== "true"));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu.getAttribute("aria-expanded") === "true") {
    open(false);
    menu.focus();
  }
});
function open(wanted) {
  menu.setAttribute("aria-expanded", String(wanted));
  document.body.classList.toggle("listing", wanted);
}

list.addEventListener("click", async (event) => {
  if (event.target.id !== "older") return;
  event.preventDefault();
  const part = await fetch(event.target.href).then((response) => (response.ok ? response.text() : null)).catch(() => null);
  if (part === null) return tell(turns.dataset.offline);
  event.target.closest("p").remove();
  list.insertAdjacentHTML("beforeend", part);
  localise(list);
});

// Times as the reader's own clock says them.
function localise(within) {
  const now = new Date();
  within.querySelectorAll("time").forEach((time) => {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === now.toDateString();
    time.textContent = at.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
    time.title = at.toLocaleString([], { dateStyle: "full", timeStyle: "long" });
  });
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.title = title;
});

form.elements.zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
say.value = say.value || sessionStorage.getItem(draftKey) || "";
localise(document);
fit();
following = turns.children.length > 0;
keepUp();
growth.observe(document.querySelector("main"));
if (!new URLSearchParams(location.search).has("before")) listen();
