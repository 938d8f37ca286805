from django.urls import path

from audit.views import ActivityViewSet
from users import mail_views, profile_views, views

urlpatterns = [
    path("auth/token/", views.TokenView.as_view(), name="token"),
    path("auth/token/refresh/", views.RefreshView.as_view(), name="token-refresh"),
    path("auth/logout/", views.LogoutView.as_view(), name="logout"),
    path("users/register/", views.RegisterView.as_view(), name="register"),
    path("users/profile/", profile_views.ProfileView.as_view(), name="profile"),
    path("users/activity/", ActivityViewSet.as_view({"get": "list"}), name="activity"),
    path("users/export/", profile_views.ExportView.as_view(), name="export"),
    path("users/verify_2fa/", views.VerifySecondFactorView.as_view(), name="verify-2fa"),
    path("users/enable_2fa/", views.EnableSecondFactorView.as_view(), name="enable-2fa"),
    path("users/confirm_2fa/", views.ConfirmSecondFactorView.as_view(), name="confirm-2fa"),
    path("users/disable_2fa/", views.DisableSecondFactorView.as_view(), name="disable-2fa"),
    path("users/regenerate_backup_codes/", views.BackupCodesView.as_view(), name="regenerate-backup-codes"),
    path("users/two_factor_status/", views.SecondFactorStatusView.as_view(), name="two-factor-status"),
    path("users/verify_email/", mail_views.VerifyEmailView.as_view(), name="verify-email"),
    path("users/resend_verification/", mail_views.ResendVerificationView.as_view(), name="resend-verification"),
    path("users/change_password/", mail_views.ChangePasswordView.as_view(), name="change-password"),
    path("users/change_email/", mail_views.ChangeEmailView.as_view(), name="change-email"),
    path("users/confirm_email/", mail_views.ConfirmEmailView.as_view(), name="confirm-email"),
    path("users/password_reset/", mail_views.PasswordResetView.as_view(), name="password-reset"),
    path("users/password_reset_confirm/", mail_views.PasswordResetConfirmView.as_view(), name="password-reset-confirm"),
    path("users/unlock/", mail_views.UnlockView.as_view(), name="unlock"),
    path("users/sessions/", views.SessionViewSet.as_view({"get": "list"}), name="sessions"),
    path("users/sessions/<uuid:pk>/", views.SessionViewSet.as_view({"delete": "destroy"}), name="session"),
]
