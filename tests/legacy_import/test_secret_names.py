"""What lets somebody in is told by the name of its column."""

import pytest

from legacy_import.masking import HIDDEN, shown_unknown
from legacy_import.secret_names import is_secret_name

SECRET = """
password passwd pwd pw user_pw pswd userPwd pw_hash pass passphrase passcode salt password_salt hash secret_hash
client_secret two_factor_secret twoFactorSecret mfa_secret secret_answer security_answer token resetToken
refresh_tokens remember_token reset_code resetCode resetcode RESET_CODE password_reset_code backup_code
backup_codes backupCodes recovery_codes recovery_key rescue_codes scratch_codes verification_code
verificationCode verify_code confirm_code confirmation_code activation_code access_code auth_code authCode
login_code loginCode signin_code security_code unlock_code one_time_code sms_code email_code two_factor_code
2fa_code mfa_code magic_link magicLink reset_link reset_url activation_key user_activation_key otp OTP user_otp
userotp otp_code otpcode last_otp totp totp_key hotp otp_expires pin user_pin login_pin loginPin pins mpin
pin_number PIN pin_hash remember rememberMe remember_me cookie cookies session_cookie cookie_value api_key
apiKey apikey APIKey api_keys private_key privateKey access_key session_key encryption_key auth_key ssh_key
session sessions session_id sessionId sessionid user_session php_session phpsessid session_data sess connect.sid
jwt user_jwt bearer csrf xsrf_value nonce credential credentials cvv cvc card_number cardNumber
"""
ORDINARY = """
id _id name email phone code codes postcode post_code postal_code zip zip_code zipCode pincode pin_code pinCode
country_code countryCode country course_code courseCode discount_code promo_code coupon coupon_code voucher_code
currency_code language_code locale phone_code dial_code area_code status_code error_code referral_code tax_code
key sort_key public_key license_key keyword keywords monkey pinned is_pinned pinterest spinning opinion shipping
footprint hotpink option adoption session_date session_time session_count live_session course_sessions
num_sessions session_title stripe_session_id checkout_session_id payment_session_id possession obsession passed
is_passed passed_at passport_number passes passing_grade passenger hashtag hash_tags cookie_consent
cookieConsent cookies_accepted sid student_sid link url avatar_url website_url login_count last_login
email_verified emailed_at verification_status verified_at confirmed confirmation_sent_at activation_date
access_level security_level reset_at two_factor_enabled mail_opt_in answer card_type cardinality status role
created_at title message
"""


@pytest.mark.parametrize("name", SECRET.split())
def test_what_lets_somebody_in_is_secret(name: str) -> None:
    assert is_secret_name(name)
    assert shown_unknown(name, "ABC-123") == HIDDEN


@pytest.mark.parametrize("name", ORDINARY.split())
def test_ordinary_columns_are_not(name: str) -> None:
    assert not is_secret_name(name)
