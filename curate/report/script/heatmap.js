/* The heat map: alpha is the relation */

const MOST_NAMED = 32;

function heatmap(frame) {
  const { shown, low, high } = data.map;
  const image = find("img", frame), [across, down] = [find(".row", frame), find(".column", frame)];
  let values = null, cell = [0, 0];
  const read = () => {
    const canvas = make("canvas", { width: shown.length, height: shown.length });
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    values = context.getImageData(0, 0, shown.length, shown.length).data;
  };
  const say = (row, column) => {
    if (!values) return;
    cell = [row, column];
    const size = 100 / shown.length;
    Object.assign(across.style, { top: `${row * size}%`, height: `${size}%` });
    Object.assign(down.style, { left: `${column * size}%`, width: `${size}%` });
    const alpha = values[4 * (row * shown.length + column) + 3];
    const S = low + (high - low) * (alpha - 1) / 254;
    const one = classes[shown[row]];
    find("#cell").replaceChildren(make("b", {}, text(one.name)), ...(row === column ? [] : [
      " and ", make("b", {}, text(classes[shown[column]].name)), alpha ? `: ${S.toFixed(2)}` : ": not known"]));
    find("#near").replaceChildren(...links(null, one.near, (value) => value.toFixed(2)));
  };
  image.decode().then(() => {
    read();
    const nearest = shown.indexOf(classes[0].near[0]?.[0]);
    if (shown.includes(0) && nearest >= 0) say(shown.indexOf(0), nearest);
  });
  const every = Math.ceil(shown.length / MOST_NAMED);
  const named = (side) => shown.flatMap((at, place) => {
    if (place % every) return [];
    const name = make("span", {}, text(classes[at].name));
    name.style[side] = `${100 * (place + 0.5) / shown.length}%`;
    return [name];
  });
  find(".axis.left").replaceChildren(...named("top"));
  find(".axis.below").replaceChildren(...named("left"));
  const limit = (x) => Math.max(0, Math.min(shown.length - 1, x));
  frame.addEventListener("pointermove", (event) => {
    const box = image.getBoundingClientRect();
    const place = (at, from, size) => limit(Math.floor((at - from) / size * shown.length));
    say(place(event.clientY, box.top, box.height), place(event.clientX, box.left, box.width));
  });
  frame.addEventListener("keydown", (event) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (by) {
      event.preventDefault();
      say(limit(cell[0] + by[0]), limit(cell[1] + by[1]));
    } else if (event.key === "Enter") {
      location.hash = address(shown[cell[0]]);
    }
  });
  frame.addEventListener("click", () => { location.hash = address(shown[cell[0]]); });
}
