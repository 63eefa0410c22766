// A function is a program: the request comes on stdin, the answer goes to stdout, the log to stderr. For state, topics, other services,
// settings and secrets there is edgemesh.ts beside this file.
import { log, readAll, write } from "./edgemesh";

const name = readAll();
log("greeting " + name.length.toString() + " characters\n");
write("Content-Type: text/plain\n\nHello, " + (name.length ? name : "world") + "! This is __name__.\n");
