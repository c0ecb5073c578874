import { offer } from "../script/more.mjs";
import { tell } from "../script/status.mjs";

tell();
offer(() => import("./proofs.mjs"));
