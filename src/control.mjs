// The Worker's second bundle: everything no page waits for. Loaded when first needed.

export { control } from "./edge/control.mjs";
export { Controller } from "./edge/controller.mjs";
export { answer } from "./edge/feedback.mjs";
export { Intake } from "./edge/intake.mjs";
export { Tickets } from "./edge/ticket-office.mjs";
export { watch } from "./edge/watch.mjs";
