/*
 * cli.h - the command line of onekey-agent.
 *
 * The result goes to stdout and everything else to stderr; there is no prompt. A result
 * that could not be written whole is exit code 74 (a closed pipe without a word).
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* The whole program: returns its exit code (err.h). Overwrites the value of --token in argv. */
int cli_main(int argc, char **argv);

#endif
