/** `headgate serve` and `headgate seed`: main.ts reads the command line itself, as it does where it is started directly. */
import '../main.ts';
