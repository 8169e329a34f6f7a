// Tests that mostly wait, each with a lab of its own: in one file, since only there do they run side by side.
import './daemon.test.ts';
import './foreign-answer.test.ts';
import './stale-source.test.ts';
import '../daemon/how-fast.test.ts';
import '../daemon/left-alone.test.ts';
import '../evidence.test.ts';
import '../session.test.ts';
