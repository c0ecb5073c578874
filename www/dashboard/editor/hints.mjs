// What the schema says of a place in the config: what may stand there, and what what stands there means.

import { syntaxTree } from "@codemirror/language";

/** The keys and numbers on the way from the top of the file to a node. */
function pathTo(node, doc) {
  const path = [];
  for (let at = node; at; at = at.parent) {
    if (at.name === "Property") path.unshift(keyOf(at, doc));
    else if (at.parent?.name === "Array") path.unshift(0);
  }
  return path;
}

function keyOf(property, doc) {
  const name = property.getChild("PropertyName");
  if (!name) return "";
  try {
    return JSON.parse(doc.sliceString(name.from, name.to));
  } catch {
    return "";
  }
}

/** Everything a schema may be taken for: references followed, alternatives side by side. */
function flat(schema, root, depth = 0) {
  if (!schema || depth > 12) return [];
  if (schema.$ref) {
    const found = schema.$ref
      .split("/")
      .slice(1)
      .reduce((at, key) => at?.[key], root);
    // What is said where it is referred to is more to the point.
    const { $ref: _, ...here } = schema;
    return flat(found, root, depth + 1).map((one) => ({ ...one, ...here }));
  }
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter((one) => !one.required);
  if (choices.length === 0) return [schema];
  const { anyOf: _, oneOf: __, ...here } = schema;
  return choices.flatMap((one) => flat(one, root, depth + 1)).map((one) => ({ ...one, ...here }));
}

/** The schemas of a place. */
function schemasAt(path, root) {
  let all = flat(root, root);
  for (const key of path) {
    all = all.flatMap((schema) => {
      if (typeof key === "number") return flat(schema.items, root);
      return flat(
        schema.properties?.[key] ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined),
        root,
      );
    });
  }
  return all;
}

const described = ({ description }) => (description ? String(description) : undefined);

/** Keys that name a version of their site. */
const NAMES_VERSION = ["stable", "canary", "serve"];

/** What may be written where the cursor is. */
export function completed(context, schema) {
  const { state, pos } = context;
  const node = syntaxTree(state).resolveInner(pos, -1);
  const property = node.name === "PropertyName" ? node.parent : null;
  const isIn = ["String", "Number", "True", "False", "Null", "PropertyName"].includes(node.name);
  const object = property?.parent ?? (node.name === "Object" ? node : null);
  if (object) return keys(context, object, isIn ? node : null, schema);
  return values(context, node, isIn, schema);
}

function keys({ state, pos, explicit }, object, typed, schema) {
  if (!typed && !explicit) return null;
  const { doc } = state;
  const there = object.getChildren("Property").filter((one) => !typed || one.from !== typed.parent.from);
  const taken = new Set(there.map((one) => keyOf(one, doc)));
  const known = new Map();
  for (const one of schemasAt(pathTo(object, doc), schema))
    for (const [key, about] of Object.entries(one.properties ?? {}))
      if (!taken.has(key) && !known.has(key)) known.set(key, about);
  const hasColon = typed && /^\s*:/.test(doc.sliceString(typed.to, typed.to + 20));
  const options = [...known].map(([key, about]) => ({
    label: `"${key}"`,
    apply: hasColon ? `"${key}"` : `"${key}": ${opening(about, schema)}`,
    info: described(about),
    type: "property",
  }));
  return { from: typed ? typed.from : pos, to: typed ? typed.to : pos, options, validFor: /^"?[\w-]*"?$/ };
}

/** What a value of this kind begins with. */
function opening(about, root) {
  const [first] = flat(about, root);
  if (first?.type === "object") return "{}";
  if (first?.type === "array") return "[]";
  return first?.type === "string" ? '""' : "";
}

function values({ state, pos, explicit }, node, isIn, schema) {
  if (!isIn && !explicit) return null;
  const { doc } = state;
  const path = pathTo(node, doc);
  const all = schemasAt(node.name === "Array" ? [...path, 0] : path, schema);
  const known = new Map();
  const add = (value, info) => known.set(JSON.stringify(value), info);
  for (const one of all) {
    for (const value of one.enum ?? []) add(value, described(one));
    if (one.type === "boolean") for (const value of [true, false]) add(value, described(one));
    for (const value of [one.default, ...(one.examples ?? [])])
      if (value !== undefined && typeof value !== "object") add(value, described(one));
  }
  if (NAMES_VERSION.includes(path.at(-1))) for (const id of versionsAbove(node, doc)) add(id, "A version of this site.");
  const options = [...known].map(([label, info]) => ({ label, info, type: "constant" }));
  if (options.length === 0) return null;
  return { from: isIn ? node.from : pos, to: isIn ? node.to : pos, options, validFor: /^"?[^"]*"?$/ };
}

function versionsAbove(node, doc) {
  for (let at = node; at; at = at.parent) {
    if (at.name !== "Object") continue;
    const found = at.getChildren("Property").find((one) => keyOf(one, doc) === "versions");
    if (found) return (found.getChild("Object")?.getChildren("Property") ?? []).map((one) => keyOf(one, doc));
  }
  return [];
}

/** What a place means, for who points at it. */
export function hinted(state, pos, schema) {
  const node = syntaxTree(state).resolveInner(pos, 1);
  if (!["PropertyName", "String", "Number", "True", "False", "Null"].includes(node.name)) return null;
  const found = schemasAt(pathTo(node, state.doc), schema).find(described);
  if (!found) return null;
  return {
    pos: node.from,
    end: node.to,
    above: true,
    create() {
      const dom = document.createElement("div");
      dom.className = "hint";
      for (const text of described(found).split("\n\n")) dom.append(paragraph(text));
      if (found.default !== undefined) dom.append(paragraph(`When left out: ${JSON.stringify(found.default)}`));
      return { dom };
    },
  };
}

function paragraph(text) {
  const p = document.createElement("p");
  p.textContent = text;
  return p;
}
