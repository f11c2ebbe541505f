"""The command `gledger`: nouns and verbs around what the other packages do.

exit_codes      what the process says when it ends
output          data to stdout, talk to stderr
options         the options that several commands share
commands        how commands are found, and how errors end them
passphrases     private keys, unlocked
connect         which ledger, at which address, with which log keys
init key event obligations verify export demo     the commands
main            the application
"""
