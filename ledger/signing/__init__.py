"""Who signed: DSSE envelopes in, verified acts out.

encoding     strict base64
keys         public keys that are sound, and their verification
possession   proof that whoever registers a key holds it
dsse         bytes -> Envelope
verify       Envelope -> Verified
checking     both at once, of many, in this process or another
workers      the processes that do it on the other cores
process      how often memory is looked through, and threads take turns, while they do
mldsa        ML-DSA-44 keys of the log, in files
signer       the client's side: private keys, signing
"""
