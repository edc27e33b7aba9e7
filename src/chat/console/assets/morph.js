// Puts newer HTML in the place of older without touching what stayed the same: focus, open menus, selected text and
// scroll positions survive. What the reader did here (an open <details>, the `data-local` attributes) is theirs.

const local = (name, el) =>
  name === 'open' && el.localName === 'details' || name.startsWith('data-local') || name === 'data-busy';

const changed = new WeakMap();

/** When what this button says last became something else, on the clock of events; long ago if it never did. */
export const changedAt = (button) => changed.get(button) ?? -Infinity;

/** HTML as nodes, prepared like what is on the page already. */
export function parse(html, prepare) {
  const template = document.createElement('template');
  template.innerHTML = html;
  prepare?.(template.content);
  return template.content;
}

/** Makes the children of `from` be those of `to`. */
export function morphChildren(from, to) {
  const keyed = new Map();
  for (const child of from.children) if (child.dataset?.key) keyed.set(child.dataset.key, child);
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = wanted.dataset?.key;
    let match = key ? keyed.get(key) : at;
    if (!key) while (match && match.dataset?.key) match = match.nextSibling;
    if (match && match.nodeType === wanted.nodeType && match.nodeName === wanted.nodeName) {
      if (match !== at) {
        // Moving a node loses its focus: where one was taken out before it, take those out instead.
        while (at && at !== match && !stillWanted(at, to)) at = drop(at);
        if (match !== at) from.insertBefore(match, at);
      }
      at = match.nextSibling;
      morph(match, wanted);
    } else {
      from.insertBefore(wanted, at);
    }
  }
  while (at) at = drop(at);
}

function stillWanted(node, to) {
  const key = node.dataset?.key;
  return key ? [...to.children].some((c) => c.dataset.key === key) : false;
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

/** Makes one node be like another of the same name. */
export function morph(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  if (from.isEqualNode(to)) return;
  for (const { name, value } of [...to.attributes]) {
    if (local(name, from) || from.getAttribute(name) === value) continue;
    if (name === 'data-command' && from.hasAttribute(name)) changed.set(from, performance.now());
    from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    if (!local(name, from) && !to.hasAttribute(name)) from.removeAttribute(name);
  }
  morphChildren(from, to);
}
