// Preact without a compiler, and the little that every view needs of it.

import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
