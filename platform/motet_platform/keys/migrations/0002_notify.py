"""A key's or an account's change reaches every gateway with the transaction that makes it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION keys_notify_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_keys', encode(OLD.digest, 'hex'));
    RETURN NULL;
END $$;
CREATE TRIGGER keys_apikey_notify
    AFTER UPDATE OF account_id, digest, scopes, models, requests_per_minute, tokens_per_minute,
        expires_at, revoked_at OR DELETE ON keys_apikey
    FOR EACH ROW EXECUTE FUNCTION keys_notify_key();

CREATE FUNCTION keys_notify_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_keys', encode(digest, 'hex')) FROM keys_apikey
        WHERE account_id = NEW.id AND revoked_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER keys_account_notify
    AFTER UPDATE OF slug, suspended_at ON accounts_account
    FOR EACH ROW EXECUTE FUNCTION keys_notify_account();
"""
BACKWARD = """
DROP TRIGGER keys_account_notify ON accounts_account;
DROP TRIGGER keys_apikey_notify ON keys_apikey;
DROP FUNCTION keys_notify_account();
DROP FUNCTION keys_notify_key();
"""


class Migration(migrations.Migration):
    dependencies = [("keys", "0001_initial"), ("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
