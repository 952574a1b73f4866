#!/bin/sh
# The program, with people: they give the usual answers, and let the program play rehearsals.
case "$1 ${2-}" in
"rehearse --unattended") exec "$CONCLAVE" "$@" ;;
"rehearse "*) exec "$CONCLAVE" "$@" --unattended ;;
"run "*) exec "$CONCLAVE" "$@" --plain --pin-fd 3 <"$PEOPLE/run.answers" 3<"$PEOPLE/run.pins" ;;
"root sign") exec "$CONCLAVE" "$@" --plain --pin-fd 3 <"$PEOPLE/sign.answers" 3<"$PEOPLE/sign.pins" ;;
"token init" | "token change-pin") exec "$CONCLAVE" "$@" --pin-fd 3 3<"$PEOPLE/$2.pins" ;;
*) exec "$CONCLAVE" "$@" ;;
esac
