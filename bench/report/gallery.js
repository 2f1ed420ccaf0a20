// Two networks side by side at one eps. The pictures and the classes are those of the list below.
const pair = document.getElementById("compare");

function sideBySide(pair) {
  const lists = new Map([...document.querySelectorAll("details.attacked")].map((each) => [each.id, each]));
  const sides = [...pair.querySelectorAll(".side")];
  const [chosen, slider, output] = [".image-of", "input", "output"].map((each) => pair.querySelector(each));
  let radii = [];

  const listOf = (side) => lists.get(side.querySelector("select").value);
  const articlesOf = (side) => [...listOf(side).querySelectorAll("article")];
  const eachOf = (values) => [...new Set(sides.flatMap(values))];

  // The images and the radii that one of the two networks has. What was chosen stays, where it is still there.
  function offer() {
    const [label, eps] = [chosen.value, radii[slider.value] ?? 4];
    const labels = eachOf((side) => articlesOf(side).map((each) => each.dataset.label));
    chosen.replaceChildren(...labels.map((each) => new Option(each, each, false, each === label)));
    const columns = (side) => [...listOf(side).querySelectorAll(".column")];
    radii = eachOf((side) => columns(side).map((each) => Number(each.dataset.eps))).sort((a, b) => a - b);
    slider.max = radii.length - 1;
    slider.value = Math.max(0, radii.findLastIndex((each) => each <= eps));
    show();
  }

  function show() {
    const eps = radii[slider.value];
    output.textContent = eps ? String(eps) : "0, no attack";
    slider.setAttribute("aria-valuetext", output.textContent);
    sides.forEach((side) => fill(side, eps));
  }

  function fill(side, eps) {
    const [missing, three, says] = [".note", ".three", ".says"].map((each) => side.querySelector(each));
    const article = articlesOf(side).find((each) => each.dataset.label === chosen.value);
    const columns = [...(article?.querySelectorAll(".column") ?? [])];
    const column = columns.find((each) => Number(each.dataset.eps) === eps);
    missing.hidden = Boolean(column);
    three.hidden = says.hidden = !column;
    if (!column) {
      missing.textContent = article ? `No image was kept at eps ${eps}.` : "No image of this class was kept.";
      return;
    }
    const clean = columns[0].querySelector(".image").src;
    for (const square of three.querySelectorAll(".square")) {
      const { kind } = square.dataset;
      const picture = new Image();
      picture.src = column.querySelector(`.${kind}`)?.src ?? clean;
      picture.alt = square.nextElementSibling.textContent;
      const none = kind === "perturbation" && column === columns[0]; // the square is grey: no change
      square.replaceChildren(...(none ? [] : [picture]));
    }
    const [word, ranked] = [column.querySelector("b"), column.querySelector("ol")].map((each) => each.cloneNode(true));
    for (const line of ranked.children) line.style.setProperty("--share", line.dataset.share);
    says.replaceChildren(word, ranked);
  }

  for (const select of pair.querySelectorAll(".network-of")) select.addEventListener("change", offer);
  for (const input of [chosen, slider]) input.addEventListener("input", show);
  if (lists.size < 2) sides.pop().remove();
  else sides[1].querySelector("select").selectedIndex = 1;
  pair.hidden = false;
  offer();
}

if (pair) sideBySide(pair);
