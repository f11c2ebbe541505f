"""The command `gledger`: nouns and verbs around what the other packages do.

database exit_codes endings                         what the process says when it ends, and after which error
output options                             data to stdout, talk to stderr; the options that several commands share
commands                                   how commands are found, and how errors end them
passphrases connect                        private keys, unlocked; which ledger, and whose word about it is believed
init key verify receipt export statement   commands
mirror                                      a verified copy that is kept up, and the proof of a fork
file_kinds verify_bundle verify_statement  what a file alone proves, by its kind
event event_sign event_submit event_show   event draft, sign, submit and show
obligations obligation_table               what each guarantor owes
demo demo_server demo_tables               the demonstration
witness                                    a witness that is not running: made, shown, told whom to trust
demo_witnessed demo_witnesses   a ledger with three witnesses, stopped and started again
drill drill_screen                         an exercise on it, scene by scene
interrupts                                 every way to be told to end is Ctrl-C
main                                       the application
"""
