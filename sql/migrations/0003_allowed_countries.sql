-- Countries the organisation calls, ISO 3166-1, comma-separated and sorted. Empty: each campaign calls the country of its
-- nationally written numbers.
ALTER TABLE organisation ADD COLUMN allowed_countries text NOT NULL DEFAULT ''
  CHECK (allowed_countries ~ '^([A-Z]{2}(,[A-Z]{2})*)?$');
