import type { Plugin } from "rolldown";

interface Cut {
  readonly text: RegExp;
  readonly instead: string;
}

/** What nobody here uses, and no bundler can know of: it hangs on what is used. */
const marked: readonly Cut[] = [
  {
    // A parser and a renderer, which it makes as soon as it is loaded. The console draws what the lexer reads itself.
    text: /var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse\([^]*export\{[^}]*?(\w+ as Lexer)[^}]*\};/,
    instead: "export{$2};",
  },
];

const uPlot: readonly Cut[] = [
  {
    // What it hands to those who draw in ways of their own, and other ways to draw than plain lines.
    text: /^uPlot\.assign = assign;\n[^]*^\tlet paths = uPlot\.paths = \{[^]*^\}\n/m,
    instead: "",
  },
  // The console's charts have a legend of its own, which can be read by itself,
  { text: /const showLegend = legend\.show;/, instead: "const showLegend = false;" },
  // scales that are linear,
  { text: /\b(?:\w+\.)?distr\s+==\s+(?:3|4|100)\b/g, instead: "false" },
  // and moments that all of its lines share.
  { text: /\bmode == 2\b/g, instead: "false" },
  { text: /\bmode == 1\b/g, instead: "true" },
];

/** Cuts that out of libraries. A version that reads otherwise ends the build. */
export const unused: Plugin = {
  name: "unused",
  transform: {
    filter: { id: [/[\\/]marked\.esm\.js$/, /[\\/]uPlot\.esm\.js$/] },
    handler(code, id) {
      const cuts = id.endsWith("marked.esm.js") ? marked : uPlot;
      return { code: cuts.reduce((rest, one) => without(rest, one, id), code), map: null };
    },
  },
};

function without(code: string, { text, instead }: Cut, id: string): string {
  const rest = code.replace(text, instead);
  if (rest === code) throw new Error(`${text} is not in ${id}: see whether tools/unused.ts still fits it`);
  return rest;
}
