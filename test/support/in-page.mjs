/* What tests ask of a page in a browser: each function runs there, on its own. */

/** Opens all that is folded. */
export function unfold() {
  for (const one of document.querySelectorAll('details')) one.setAttribute('open', '');
}

/** How wide the page is, in pixels. */
export function widthOf() {
  return document.documentElement.scrollWidth;
}

/** Which element has the focus, and what line is around it. */
export function focusOf() {
  const one = document.activeElement;
  return `${one.tagName} ${getComputedStyle(one).outlineStyle}`;
}

/** Headings, names, ids and landmarks. */
export function structureOf() {
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  return {
    levels: [...document.querySelectorAll('h1,h2,h3,h4')].map(({ tagName }) => Number(tagName[1])),
    unnamed: [...document.querySelectorAll('svg:not([aria-hidden])')].filter(
      (one) => one.querySelector(':scope > title')?.textContent === '',
    ).length,
    drawn: document.querySelectorAll('svg[role=img] > title').length,
    twice: ids.filter((id, at) => ids.indexOf(id) !== at),
    dead: [...document.querySelectorAll('a[href^="#"]')].filter(
      (one) => document.getElementById(one.getAttribute('href').slice(1)) === null,
    ).length,
    landmarks: ['header', 'nav', 'main', 'footer'].map(
      (one) => document.querySelectorAll(one).length,
    ),
  };
}

/** Runs in the page: drawings that are missing, doubled, scaled or outside, and labels that overlap. */
export function drawingFaults() {
  const faults = [];
  for (const figure of document.querySelectorAll('figure')) {
    const shown = [...figure.querySelectorAll('svg.plot')].filter(
      (one) => one.getBoundingClientRect().width > 0,
    );
    if (shown.length !== 1 && figure.querySelector('.empty') === null)
      faults.push(`${figure.id}: ${shown.length} drawings are shown`);
    for (const drawing of shown) {
      const place = drawing.getBoundingClientRect();
      const scale = place.width / drawing.viewBox.baseVal.width;
      if (scale < 0.82 || scale > 1.35) faults.push(`${figure.id}: scaled by ${scale.toFixed(2)}`);
      const boxes = [...drawing.querySelectorAll('text')].map((one) => one.getBoundingClientRect());
      for (const [at, box] of boxes.entries()) {
        if (box.left < place.left - 3 || box.right > place.right + 3)
          faults.push(`${figure.id}: text ${at} is outside`);
        const others = boxes.slice(at + 1);
        const isOver = others.some(
          (one) =>
            one.left < box.right - 1 &&
            one.right > box.left + 1 &&
            one.top < box.bottom - 3 &&
            one.bottom > box.top + 3,
        );
        if (isOver) faults.push(`${figure.id}: text ${at} overlaps another`);
      }
    }
  }
  return faults;
}

/** Runs in the page: the texts whose colour is too near to what is behind them (WCAG 2.2, 1.4.3). */
export function faintTexts() {
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = (color) => {
    const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (start) => {
    for (let one = start; one !== null; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = [];
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const parent = node.parentElement;
    const isShown =
      parent.getBoundingClientRect().width > 0 && !/^(?:title|desc)$/.test(parent.tagName);
    if (node.textContent.trim() === '' || !isShown) continue;
    texts += 1;
    const style = getComputedStyle(parent);
    const color = parent.closest('svg') === null ? style.color : style.fill;
    const [most = 0, least = 0] = [light(color), light(behind(parent))].toSorted((a, b) => b - a);
    const contrast = (most + 0.05) / (least + 0.05);
    if (contrast < 4.5)
      faint.push(`${node.textContent.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return { texts, faint };
}
