/** Runs `headgate serve` and `headgate seed`. main.ts reads the command line itself, as when it is started directly. */
import '../main.ts';
