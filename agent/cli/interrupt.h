/*
 * interrupt.h - a signal ends a one-shot command at once.
 *
 * INT, TERM and HUP end the process with exit code 128 + number, as a shell would tell it, and on
 * a terminal with a line end, so that the prompt does not stand in a progress line. What the
 * caller of the program wanted ignored (nohup, background jobs) stays ignored. Commands that run
 * the agent's loop put libuv's handlers in the place of these.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

void interrupt_install(void);

#endif
