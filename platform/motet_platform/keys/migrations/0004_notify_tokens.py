"""Tokens end with the session, the membership and the password; gateways hear of it at once."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION keys_notify_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_keys', encode(OLD.digest, 'hex'));
    RETURN NULL;
END $$;
CREATE TRIGGER keys_sessiontoken_notify
    AFTER UPDATE OR DELETE ON keys_sessiontoken
    FOR EACH ROW EXECUTE FUNCTION keys_notify_token();

CREATE FUNCTION keys_notify_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_keys', encode(digest, 'hex')) FROM keys_sessiontoken
        WHERE membership_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER keys_membership_notify
    AFTER UPDATE OF role ON accounts_membership
    FOR EACH ROW EXECUTE FUNCTION keys_notify_membership();

CREATE FUNCTION keys_end_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM keys_sessiontoken WHERE session_key = OLD.session_key;
    RETURN NULL;
END $$;
CREATE TRIGGER keys_session_end
    AFTER DELETE ON django_session
    FOR EACH ROW EXECUTE FUNCTION keys_end_session();

CREATE FUNCTION keys_end_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM keys_sessiontoken WHERE membership_id IN
        (SELECT id FROM accounts_membership WHERE user_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER keys_person_end
    AFTER UPDATE OF password, is_active, is_staff ON accounts_user
    FOR EACH ROW WHEN (OLD.password IS DISTINCT FROM NEW.password
        OR OLD.is_active IS DISTINCT FROM NEW.is_active
        OR OLD.is_staff IS DISTINCT FROM NEW.is_staff)
    EXECUTE FUNCTION keys_end_person();

CREATE OR REPLACE FUNCTION keys_notify_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_keys', encode(digest, 'hex')) FROM keys_apikey
        WHERE account_id = NEW.id AND revoked_at IS NULL;
    PERFORM pg_notify('motet_keys', encode(t.digest, 'hex'))
        FROM keys_sessiontoken t JOIN accounts_membership m ON m.id = t.membership_id
        WHERE m.account_id = NEW.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION keys_notify_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_keys', encode(OLD.digest, 'hex'));
    PERFORM pg_notify('motet_keys', encode(digest, 'hex')) FROM keys_sessiontoken
        WHERE key_id = OLD.id;
    RETURN NULL;
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION keys_notify_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_keys', encode(OLD.digest, 'hex'));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION keys_notify_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_keys', encode(digest, 'hex')) FROM keys_apikey
        WHERE account_id = NEW.id AND revoked_at IS NULL;
    RETURN NULL;
END $$;
DROP TRIGGER keys_person_end ON accounts_user;
DROP TRIGGER keys_session_end ON django_session;
DROP TRIGGER keys_membership_notify ON accounts_membership;
DROP TRIGGER keys_sessiontoken_notify ON keys_sessiontoken;
DROP FUNCTION keys_end_person();
DROP FUNCTION keys_end_session();
DROP FUNCTION keys_notify_membership();
DROP FUNCTION keys_notify_token();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("keys", "0003_dashboard"),
        ("accounts", "0002_roles"),
        ("sessions", "0001_initial"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
