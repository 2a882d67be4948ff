import { configureGlobal } from "fast-check";

// A property that fails late on large values could look for smaller ones for half an hour, and all other tests'
// reports with it. What it has found by then is told, with the seed that finds it again.
configureGlobal({ interruptAfterTimeLimit: 60_000 });
