"""What may be recorded: every event type, its values, its bytes, and every reason for a refusal.

canonical    strict RFC 8785 JSON
values       money, quantities, dates with their precision, names
header       the fields that every event carries
openings parties authorities instruments terms commitments deliveries consents corrections   the events, by stream
registry     payload bytes -> typed event; the published JSON Schemas
stages       Envelope, Verified, Admitted
refusals     the codes
"""
