// Prints time, loss and W of a group: node read_h5wasm.mjs MODULE FILE GROUP, where MODULE
// is h5wasm's file for node.
import { pathToFileURL } from "node:url";

const [module, path, group] = process.argv.slice(2);
const h5wasm = await import(pathToFileURL(module));
await h5wasm.ready;
const file = new h5wasm.File(path, "r");
const lines = [];
for (const name of ["time", "loss", "W"]) {
    const data = file.get(`${group}/${name}`);
    lines.push([name, ...data.shape].join(" "), ...data.value);
}
file.close();
console.log(lines.join("\n"));
