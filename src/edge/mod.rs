//! The platform: the only module that knows it runs in WebAssembly, and it decides nothing.
//!
//! Three modules are built from it. The one every visitor's request needs has [`serve`]; the one with the feature `control` has
//! everything else, is made when first needed, and a trap in it touches no visitor; the one with the feature `checker` runs in the
//! browser of whoever edits a config. JavaScript writes text into a buffer, calls a function, and reads the answer from a buffer.
//! One call in, one text out: no handle, closure or future of ours lives while a visitor waits, so a trap while serving
//! one visitor can not take another one's request with it. All state here is a cache and may vanish at any moment.

mod buffer;
#[cfg(feature = "checker")]
mod checker;
#[cfg(feature = "control")]
mod control;
#[cfg(feature = "control")]
mod flags;
#[cfg(feature = "control")]
mod imagine;
#[cfg(not(any(feature = "control", feature = "checker")))]
mod serve;
#[cfg(feature = "control")]
mod sql;
#[cfg(not(any(feature = "control", feature = "checker")))]
mod state;
#[cfg(feature = "control")]
mod steer;
#[cfg(feature = "control")]
mod tickets;

use wasm_bindgen::prelude::wasm_bindgen;

/// Less code than the standard one has, which every request would bring into the processor's caches.
#[global_allocator]
static MEMORY: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn log_error(line: &str);
}

/// Says where a panic happened, and not what it says: its words could hold what a visitor sent.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        if let Some(place) = panic.location() {
            log_error(&format!("{{\"level\":\"error\",\"message\":\"panic in {}:{}\"}}", place.file(), place.line()));
        }
    }));
}

/// Room for the facts: JavaScript writes UTF-8 text at the address this gives, at most `bytes` long.
#[wasm_bindgen]
pub fn input(bytes: usize) -> *mut u8 {
    buffer::input(bytes)
}

/// Where the last answer stands.
#[wasm_bindgen]
pub fn output() -> *const u8 {
    buffer::output()
}
